/**
 * The file's name that stands for a row, without its folders; empty where the row is one of a file of arrays (`images.idx#834`), of
 * which its number says as much. A page of a picture (`stack.tif#3`) is named.
 */
export function nameIn(path: string): string {
  const name = path.split(/[\\/]/).at(-1)!
  return /#\d+$/.test(name) && !/\.tiff?#\d+$/i.test(name) ? '' : name
}

/** What a row is called: its file's name, else its number (`Image 834`), with its class where it has one. `word`: what a row is. */
export function rowTitle(name: string | null, row: number, word: string, className?: string): string {
  const title = name || `${word.charAt(0).toUpperCase()}${word.slice(1)} ${row}`
  return className === undefined ? title : `${title}, class ${className}`
}
