import type { Encoder, EncoderChoice } from '../../../shared/embeddings.ts'
import { encoderOf } from '../embed/encoder.ts'
import { readOnnx } from '../embed/onnxFile.ts'
import { openEncoder } from '../embed/session.ts'

/** Says what an ONNX file is as an encoder, without running it. */
export interface InspectJob {
  kind: 'inspect'
  file: EncoderChoice
}

/**
 * What an ONNX file says of itself as an encoder. @throws WorkbenchError as of reading it, FILE_UNSUPPORTED where onnxruntime
 * does not know its operations
 */
export async function inspect({ file }: InspectJob): Promise<{ encoder: Encoder }> {
  const encoder = encoderOf(await readOnnx(file.model), file)
  // Loading tells whether onnxruntime knows its operations; nothing is computed.
  await (await openEncoder(file.model, encoder)).close()
  return { encoder }
}
