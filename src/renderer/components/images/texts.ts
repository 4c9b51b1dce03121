/** First-layer weights are packed with 0 at mid-gray: shown as a share of the filter's largest weight. */
export const weightText = (bytes: readonly number[]): string =>
  bytes.map((byte) => ((byte - 127.5) / 127.5).toFixed(2).replace('-', '−')).join(' ') || '–'

/** Differences are packed with 0 at mid-gray, and minus and plus 1 at the ends. */
export const differenceText = (bytes: readonly number[]): string => {
  const texts = bytes
    .map((byte) => ((byte - 127.5) / 127.5).toFixed(2))
    .map((text) => (Number(text) > 0 ? `+${text}` : text === '-0.00' ? '0.00' : text))
  return texts.join(' ').replace(/-/g, '−') || '–'
}
