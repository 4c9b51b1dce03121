import { fileName } from './fileName.ts'

/** Lets the person keep what the page holds: a browser puts it where downloads go, the desktop window asks where. */
export function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = address
  link.download = fileName(name)
  link.click()
  // The download has its own hold on the content once it has begun.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
