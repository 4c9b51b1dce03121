/**
 * Texts by number: each once, in the order in which they come, and in Unicode's composed form, in which two that look alike are
 * equal.
 */
export class Texts {
  readonly texts: string[] = []
  private readonly codes = new Map<string, number>()

  codeOf(text: string): number {
    const plain = text.normalize('NFC')
    let code = this.codes.get(plain)
    if (code === undefined) {
      this.codes.set(plain, (code = this.texts.length))
      this.texts.push(plain)
    }
    return code
  }
}
