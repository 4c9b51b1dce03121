/** How others keep weights: the element types of safetensors files that can be read as float32. */

interface ElementType {
  /** Bytes of a value. */
  width: number
  read(bytes: ArrayBuffer): Float32Array | Float64Array
}

/** Half precision (IEEE 754 binary16): every value of it is one of float32. */
function halves(bytes: ArrayBuffer): Float32Array {
  return Float32Array.from(new Uint16Array(bytes), (half) => {
    const sign = half & 0x8000 ? -1 : 1,
      exponent = (half >> 10) & 0x1f,
      fraction = half & 0x3ff
    if (exponent === 0) return sign * fraction * 2 ** -24
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })
}

/** The upper half of a float32. */
function brains(bytes: ArrayBuffer): Float32Array {
  return new Float32Array(Uint32Array.from(new Uint16Array(bytes), (half) => half << 16).buffer)
}

/** Others that the format knows, of which weights cannot be made; what is none of either kind is damage. */
export const otherTypes: ReadonlySet<unknown> = new Set(
  'BOOL U8 I8 I16 U16 I32 U32 I64 U64 F4 F6_E2M3 F6_E3M2 F8_E4M3 F8_E5M2 F8_E8M0 C64'.split(' '),
)

/** By their names in a file's header. */
export const elementTypes: ReadonlyMap<unknown, ElementType> = new Map<unknown, ElementType>([
  ['F32', { width: 4, read: (bytes) => new Float32Array(bytes) }],
  ['F64', { width: 8, read: (bytes) => new Float64Array(bytes) }],
  ['F16', { width: 2, read: halves }],
  ['BF16', { width: 2, read: brains }],
])
