/** Of an export or codes: the name alone where a browser took the file as a download and nobody knows where it put it. */
export const isDownloaded = (file: string): boolean => !/^([\\/]|[A-Za-z]:)/.test(file)
