import type { LayerKind } from '../layer.ts'
import { convolutions } from './conv.ts'
import { denseLayers } from './dense.ts'

/** The registry: one line a kind, in the order in which an encoder has them; the code's own layer is of the last one. */
export const layerKinds: readonly LayerKind[] = [convolutions, denseLayers]

/** ONNX operators that read kernels, of all kinds. */
export const kernelReaders = new Map(layerKinds.flatMap(({ onnx }) => Object.entries(onnx)))
