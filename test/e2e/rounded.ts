/** Whether a number on the screen is one in a file with as many digits as are shown. */
export const isRounded = (shown: string, written: string): boolean => {
  const decimals = /\.(\d+)/.exec(shown)?.[1]?.length ?? 0
  return shown === written || Math.abs(Number(shown.replaceAll(',', '')) - Number(written)) <= 0.500001 * 10 ** -decimals
}

const number = /-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?/g
/** Whether a text on the screen says what one in a file does, where every number has all its digits. */
export function isRead(shown: string, written: string): boolean {
  const [, bound] = /^< (\S+)$/.exec(shown) ?? []
  if (bound !== undefined) return written !== '' && Number(written) <= Number(bound)
  const [own, full] = [shown.replaceAll('−', '-'), written]
  const [rounded, numbers] = [own.match(number) ?? [], full.match(number) ?? []]
  return (
    own.replaceAll(number, '#') === full.replaceAll(number, '#') &&
    rounded.length === numbers.length &&
    rounded.every((one, at) => isRounded(one, numbers[at]!))
  )
}
