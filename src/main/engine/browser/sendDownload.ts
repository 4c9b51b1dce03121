import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import type { Taken } from '../downloads/downloads.ts'

/** A name for every browser (RFC 6266): plain letters for old ones, the name itself, percent-encoded (RFC 8187), for others. */
function disposition(name: string): string {
  const plain = name.replace(/[^\w .()-]/g, '_')
  const whole = encodeURIComponent(name).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${whole}`
}

/** Sends a file as a download, at the pace at which it is taken; then it is over, also where the browser breaks it off. */
export function sendDownload(response: ServerResponse, { name, bytes, file, over }: Taken): void {
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': bytes,
    'Content-Disposition': disposition(name),
    'Cache-Control': 'no-store',
    'Accept-Ranges': 'none',
  })
  pipeline(file.createReadStream(), response, (error) => over(!error))
}
