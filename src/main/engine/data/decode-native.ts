import type { Tensor } from '@tensorflow/tfjs-node'
import { tf } from '../trace/tensorflow.ts'
import type { Header } from './header.ts'
import type { Picture } from './pixels.ts'

/**
 * TensorFlow's own decoders: ten times as fast as sharp for small images. Only for files whose header names them, for
 * which the pixels are the same as sharp's.
 * @throws when the bytes are damaged or truncated.
 */
export function decodeNative(bytes: Uint8Array, header: Header): Picture {
  // Only the tensor leaves `tidy`: it searches what it is given for tensors, value by value.
  const decoded = tf.tidy(() => decode(bytes, header))
  const [height, width, channels] = decoded.shape.slice(-3) as [number, number, number]
  const data = decoded.dataSync() as Int32Array
  decoded.dispose()
  return { data, width, height, channels }
}

function decode(bytes: Uint8Array, header: Header): Tensor {
  if (header.type === 'png') return tf.node.decodePng(bytes, header.channels)
  // As sharp does it: accurate integer DCT, fancy upsampling, nothing recovered from truncated files.
  if (header.type === 'jpeg') return tf.node.decodeJpeg(bytes, header.channels, 1, true, false, 1, 'INTEGER_ACCURATE')
  return tf.node.decodeImage(bytes, 3, 'int32', false)
}
