import { gunzipSync, constants } from 'node:zlib'
import { isGzip } from './byte-stream.ts'

/**
 * Names, by their first bytes, files that are not read: as what they are, with the way out. Nothing of them is decoded.
 */
const start = (...magic: (string | number)[]) => {
  const wanted = Buffer.concat(magic.map((each) => (typeof each === 'string' ? Buffer.from(each, 'latin1') : Buffer.of(each))))
  return (bytes: Buffer) => bytes.subarray(0, wanted.length).equals(wanted)
}
const at = (offset: number, text: string) => (bytes: Buffer) => bytes.toString('latin1', offset, offset + text.length) === text
const any =
  (...tests: ((bytes: Buffer) => boolean)[]) =>
  (bytes: Buffer) =>
    tests.some((test) => test(bytes))

const photograph = 'convert it to PNG or TIFF, for example with ImageMagick (magick IN OUT.png)'
const camera = 'develop it to TIFF or PNG, for example with dcraw, darktable or RawTherapee'
const drawing = 'export it as PNG, for example with Inkscape or ImageMagick'
const microscope = 'save it as TIFF, for example with Fiji and its Bio-Formats'
const video = 'save its frames as PNG, for example with ffmpeg (ffmpeg -i IN frame%05d.png)'
const archive = 'unpack it, and import the folder'
const arrays = 'choose the file itself as what to import'

const brand = (names: RegExp) => (bytes: Buffer) => at(4, 'ftyp')(bytes) && names.test(bytes.toString('latin1', 8, 12))
const text = (pattern: RegExp) => (bytes: Buffer) => pattern.test(bytes.toString('latin1', 0, 1024))

/** The surest first. */
const kinds: readonly { what: string; out: string; is(bytes: Buffer): boolean }[] = [
  { what: 'a photograph of a camera in its raw form (CR3)', out: camera, is: brand(/^crx /) },
  { what: 'a HEIC photograph', out: photograph, is: brand(/^(heic|heix|heim|heis|hevc|hevx|mif1|msf1)/) },
  {
    what: 'a video',
    out: video,
    is: any(
      brand(/^(isom|iso[2-9]|mp4[12]|avc1|M4V |M4VP|qt  |3gp|3g2|dash|f4v |MSNV)/),
      start(0x1a, 0x45, 0xdf, 0xa3),
      start(0, 0, 1, 0xba),
      start(0, 0, 1, 0xb3),
      start('FLV', 1),
      start(0x30, 0x26, 0xb2, 0x75),
      start('OggS'),
      at(4, 'moov'),
      at(4, 'mdat'),
      at(4, 'wide'),
    ),
  },
  {
    what: 'a photograph of a camera in its raw form',
    out: camera,
    is: any(
      start('FUJIFILMCCD-RAW'),
      start('IIRO'),
      start('IIRS'),
      start('MMOR'),
      start('IIU', 0),
      start(0, 'MRM'),
      start('FOVb'),
      at(6, 'HEAPCCDR'),
    ),
  },
  { what: 'a Photoshop document', out: 'export it as PNG or TIFF', is: start('8BPS') },
  {
    what: 'an OpenEXR image',
    out: 'save its values as a float TIFF or an npy array, for example with Python’s imageio',
    is: start(0x76, 0x2f, 0x31, 0x01),
  },
  {
    what: 'a Radiance HDR image',
    out: 'save its values as a float TIFF or an npy array, for example with Python’s imageio',
    is: any(start('#?RADIANCE'), start('#?RGBE')),
  },
  {
    what: 'a PFM image of floats',
    out: 'save its values as a float TIFF or an npy array, for example with Python’s imageio',
    is: any(start('PF\n'), start('Pf\n')),
  },
  { what: 'a JPEG XL image', out: photograph, is: any(start(0xff, 0x0a), start(0, 0, 0, 0x0c, 'JXL ')) },
  { what: 'a JPEG XR image', out: photograph, is: start('II', 0xbc, 0x01) },
  { what: 'a QOI image', out: photograph, is: start('qoif') },
  { what: 'a PAM image', out: 'convert it to PNG or PPM, for example with ImageMagick', is: start('P7\n') },
  { what: 'a GIMP document', out: 'export it as PNG or TIFF', is: start('gimp xcf') },
  { what: 'an icon', out: photograph, is: any(start(0, 0, 1, 0), start('icns')) },
  { what: 'a DirectDraw texture', out: photograph, is: start('DDS ') },
  {
    what: 'a FITS image',
    out: 'save its values as a float TIFF or an npy array, for example with Python’s astropy',
    is: start('SIMPLE  ='),
  },
  {
    what: 'a DICOM image',
    out: 'convert it to TIFF or PNG, for example with dcm2img of DCMTK or Python’s pydicom',
    is: at(128, 'DICM'),
  },
  { what: 'a NIfTI volume', out: 'save its slices as TIFF or an npy array, for example with Python’s nibabel', is: nifti },
  { what: 'an image of a Zeiss microscope (CZI)', out: microscope, is: start('ZISRAWFILE') },
  { what: 'an image of a Nikon microscope (ND2)', out: microscope, is: start(0xda, 0xce, 0xbe, 0x0a) },
  { what: 'an image of a Leica microscope (LIF)', out: microscope, is: start(0x70, 0, 0, 0) },
  { what: 'a PDF document', out: 'save its pages as PNG, for example with pdftoppm -png', is: start('%PDF') },
  { what: 'a PostScript document', out: 'save it as PNG, for example with Ghostscript', is: start('%!PS') },
  { what: 'a DjVu document', out: 'save its pages as TIFF, for example with ddjvu', is: start('AT&TFORM') },
  {
    what: 'a drawing (SVG)',
    out: drawing,
    is: text(/^(?:\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*|<!--[\s\S]*?-->\s*|<!DOCTYPE[^>]*>\s*)*<(\w+:)?svg[\s>]/i),
  },
  {
    what: 'a pointer of Git LFS to a file that was not fetched',
    out: 'fetch the files with git lfs pull',
    is: start('version https://git-lfs.github.com/'),
  },
  { what: 'a NumPy array', out: arrays, is: start(0x93, 'NUMPY') },
  { what: 'an HDF5 file', out: arrays, is: start(0x89, 'HDF\r\n', 0x1a, '\n') },
  { what: 'a Parquet file', out: arrays, is: start('PAR1') },
  { what: 'a MATLAB file', out: 'save its arrays as npz or HDF5 (save -v7.3)', is: start('MATLAB 5.0') },
  { what: 'a zip archive', out: 'import it by itself, or unpack it first', is: start('PK', 3, 4) },
  { what: 'a tar archive', out: 'import it by itself, or unpack it first', is: at(257, 'ustar') },
  { what: 'a compressed file (gzip)', out: archive, is: start(0x1f, 0x8b) },
  { what: 'an archive of 7-Zip', out: archive, is: start('7z', 0xbc, 0xaf, 0x27, 0x1c) },
  { what: 'a rar archive', out: archive, is: start('Rar!', 0x1a, 0x07) },
  { what: 'a compressed file (xz)', out: archive, is: start(0xfd, '7zXZ', 0) },
  { what: 'a compressed file (bzip2)', out: archive, is: start('BZh') },
  { what: 'a compressed file (zstd)', out: archive, is: start(0x28, 0xb5, 0x2f, 0xfd) },
]

/** A volume of slices, plain or compressed by gzip: its header says so at the end. */
function nifti(bytes: Buffer): boolean {
  let header = bytes
  if (isGzip(bytes)) {
    try {
      header = gunzipSync(bytes.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 23 })
    } catch {
      return false
    }
  }
  return (
    ['n+1\0', 'ni1\0'].includes(header.toString('latin1', 344, 348)) || ['n+2\0', 'ni2\0'].includes(header.toString('latin1', 4, 8))
  )
}

/**
 * What a file is that is not read, and what to do with it; null where its first bytes are not known.
 * @param bytes its beginning: 4 kB are enough
 */
export function foreignKind(bytes: Buffer): { what: string; out: string } | null {
  if (start('RIFF')(bytes)) return at(8, 'AVI ')(bytes) ? { what: 'a video', out: video } : null
  const found = kinds.find(({ is }) => is(bytes))
  return found ? { what: found.what, out: found.out } : null
}

/** The makers whose raw files are TIFF files that begin with a small preview. */
const makers = /nikon|sony|pentax|canon|samsung|epson|kodak|leaf|hasselblad|phase one|mamiya|leica|ricoh|panasonic|olympus/i

/** Whether a TIFF is what a camera's sensor saw, of which decoders give the small preview: DNG, NEF, ARW, CR2, PEF and others. */
export function isRawCamera(bytes: Buffer): boolean {
  if (bytes.toString('latin1', 8, 10) === 'CR') return true
  try {
    const little = bytes[0] === 0x49
    const short = (offset: number) => (little ? bytes.readUInt16LE(offset) : bytes.readUInt16BE(offset))
    const long = (offset: number) => (little ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset))
    const first = long(4),
      entries = Math.min(short(first), 512),
      tags = new Map<number, number>()
    for (let i = 0; i < entries; i++) tags.set(short(first + 2 + 12 * i), first + 2 + 12 * i)
    const value = (tag: number) => {
      const entry = tags.get(tag)
      return entry === undefined ? null : short(entry + 2) === 3 ? short(entry + 8) : long(entry + 8)
    }
    // DNGVersion; a colour filter array.
    if (tags.has(50706) || value(262) === 32803) return true
    const make = tags.get(271),
      preview = ((value(254) ?? 0) & 1) === 1
    if (make === undefined || !preview || !tags.has(330)) return false
    const from = long(make + 4) <= 4 ? make + 8 : long(make + 8)
    return makers.test(bytes.toString('latin1', from, from + 32))
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** As a reason for leaving a file out. */
export const foreignReason = ({ what, out }: { what: string; out: string }): string => `${what}, which is not read: ${out}`
export const rawCamera = { what: 'a photograph of a camera in its raw form', out: camera }
export const jpegLs = { what: 'a JPEG-LS image', out: photograph }
