/** What files of images are usually called, without the dot; whether one is an image is told by its content. */
export const imageEndings = [
  'png',
  'jpg',
  'jpeg',
  'jfif',
  'webp',
  'bmp',
  'tif',
  'tiff',
  'gif',
  'avif',
  'jp2',
  'pbm',
  'pgm',
  'ppm',
  'pnm',
] as const
