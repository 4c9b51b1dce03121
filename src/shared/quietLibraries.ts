/**
 * What every process that may load a native library has in its environment, so that the library keeps to this machine. ONNX Runtime
 * (1.29 and later, outside Windows) otherwise writes a device id, events with the model's metadata and a log into the user's cache and
 * temporary folders, and looks for a collector on the network some seconds later. It reads the variable when its first session is made.
 */
export const quietLibraries = { ORT_DISABLE_TELEMETRY: '1' } as const
