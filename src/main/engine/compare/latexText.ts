/** Text for LaTeX: any name compiles, with pdfLaTeX's first fonts (OT1), and is read as it was written. */

const command = (name: string): string => `\\${name}{}`
const math = (text: string): string => `$${text}$`

const ascii: Record<string, string> = {
  '\\': command('textbackslash'),
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': command('textasciicircum'),
  '~': command('textasciitilde'),
  '<': command('textless'),
  '>': command('textgreater'),
  '|': command('textbar'),
  '"': command('textquotedblright'),
}

const punctuation: Record<string, string> = {
  '–': '--',
  '—': '---',
  '‒': '--',
  '‐': '-',
  '‑': '-',
  '−': math('-'),
  '’': "'",
  '‘': '`',
  '“': '``',
  '”': "''",
  '…': command('dots'),
  '¿': command('textquestiondown'),
  '¡': command('textexclamdown'),
  '•': command('textbullet'),
  '§': command('S'),
  '¶': command('P'),
  '†': command('dag'),
  '‡': command('ddag'),
  '©': command('copyright'),
  '£': command('pounds'),
}

const letters: Record<string, string> = Object.fromEntries(
  Object.entries({
    ß: 'ss',
    æ: 'ae',
    Æ: 'AE',
    œ: 'oe',
    Œ: 'OE',
    ø: 'o',
    Ø: 'O',
    ł: 'l',
    Ł: 'L',
    ı: 'i',
    ȷ: 'j',
  }).map(([letter, name]) => [letter, command(name)]),
)

/** Greek letters in the order of Unicode; those that look like Latin ones are those. */
const lower = (
  'alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda ' +
  'mu nu xi o pi rho varsigma sigma tau upsilon varphi chi psi omega'
).split(' ')
const upper = 'A B Gamma Delta E Z H Theta I K Lambda M N Xi O Pi P - Sigma T Upsilon Phi X Psi Omega'.split(' ')
const greek: Record<string, string> = Object.fromEntries([
  ...lower.map((name, index) => [String.fromCodePoint(0x3b1 + index), name === 'o' ? 'o' : math(`\\${name}`)] as const),
  ...upper.flatMap((name, index) =>
    name === '-' ? [] : [[String.fromCodePoint(0x391 + index), name.length === 1 ? name : math(`\\${name}`)] as const],
  ),
  ['ϵ', math('\\epsilon')],
  ['ϕ', math('\\phi')],
  ['ϑ', math('\\vartheta')],
  ['µ', math('\\mu')],
])

const signs: Record<string, string> = Object.fromEntries(
  Object.entries({
    '±': '\\pm',
    '∓': '\\mp',
    '×': '\\times',
    '÷': '\\div',
    '·': '\\cdot',
    '∗': '*',
    '°': '^\\circ',
    '²': '^2',
    '³': '^3',
    '¹': '^1',
    '½': '\\frac{1}{2}',
    '¼': '\\frac{1}{4}',
    '¾': '\\frac{3}{4}',
    '′': '^\\prime',
    '″': '^{\\prime\\prime}',
    '←': '\\leftarrow',
    '→': '\\rightarrow',
    '↔': '\\leftrightarrow',
    '⇐': '\\Leftarrow',
    '⇒': '\\Rightarrow',
    '⇔': '\\Leftrightarrow',
    '↑': '\\uparrow',
    '↓': '\\downarrow',
    '≤': '\\leq',
    '≥': '\\geq',
    '≠': '\\neq',
    '≈': '\\approx',
    '≡': '\\equiv',
    '∼': '\\sim',
    '∝': '\\propto',
    '∞': '\\infty',
    '∑': '\\sum',
    '∏': '\\prod',
    '∫': '\\int',
    '∂': '\\partial',
    '∇': '\\nabla',
    '√': '\\surd',
    ℓ: '\\ell',
    '∈': '\\in',
    '∉': '\\notin',
    '∅': '\\emptyset',
    '⊂': '\\subset',
    '⊆': '\\subseteq',
    '∪': '\\cup',
    '∩': '\\cap',
    '⊕': '\\oplus',
    '⊗': '\\otimes',
    '∀': '\\forall',
    '∃': '\\exists',
    '¬': '\\neg',
    '∧': '\\wedge',
    '∨': '\\vee',
    '∘': '\\circ',
    '‖': '\\|',
    '«': '\\ll',
    '»': '\\gg',
  }).map(([sign, name]) => [sign, math(name)]),
)

const known = new Map(Object.entries({ ...ascii, ...punctuation, ...letters, ...greek, ...signs }))

/** Marks that stand above or below the letter before them. */
const accents = new Map(
  Object.entries({
    '\u0300': '`',
    '\u0301': "'",
    '\u0302': '^',
    '\u0303': '~',
    '\u0304': '=',
    '\u0306': 'u',
    '\u0307': '.',
    '\u0308': '"',
    '\u030a': 'r',
    '\u030b': 'H',
    '\u030c': 'v',
    '\u0323': 'd',
    '\u0326': 'c',
    '\u0327': 'c',
    '\u0331': 'b',
  }),
)

/** The same above a Greek letter, which is mathematics. */
const mathAccents: Record<string, string> = {
  '`': 'grave',
  "'": 'acute',
  '^': 'hat',
  '~': 'tilde',
  '=': 'bar',
  u: 'breve',
  '.': 'dot',
  '"': 'ddot',
  v: 'check',
}

function accented(text: string, accent: string): string | null {
  if (!text.startsWith('$')) return `\\${accent}{${text}}`
  return mathAccents[accent] === undefined ? null : math(`\\${mathAccents[accent]}{${text.slice(1, -1)}}`)
}

/** What one character and the marks on it become; null where the fonts have nothing for it. */
function written(cluster: string): string | null {
  const direct = known.get(cluster)
  if (direct !== undefined) return direct
  const [base, ...marks] = cluster.normalize('NFD')
  let text = known.get(base!) ?? (base! >= ' ' && base! <= '~' ? base! : null)
  // An accent takes the place of the dot.
  if (marks.length > 0 && (base === 'i' || base === 'j') && marks.some((mark) => !'\u0323\u0326\u0327\u0331'.includes(mark)))
    text = `\\${base}`
  for (const mark of marks) {
    const accent = accents.get(mark)
    text = text === null || accent === undefined ? null : accented(text, accent)
  }
  if (text !== null) return text
  // Other shapes of what is known, such as letters within a circle or in a script of their own.
  const plain = cluster.normalize('NFKC')
  if (plain === cluster) return null
  const parts = clusters(plain).map(written)
  return parts.includes(null) ? null : parts.join('')
}

const clusters = (text: string): string[] => text.match(/\P{M}\p{M}*|\p{M}+/gu) ?? []

/**
 * Prints what pdfLaTeX has no letters for as it is where the engine can, and question marks elsewhere; to stand before the table
 * that needs it.
 */
export const otherLetters = [
  '% some letters need XeLaTeX or LuaLaTeX with a font that has them; pdfLaTeX prints question marks',
  '\\providecommand{\\otherletters}[2]{\\ifdefined\\Umathcode#1\\else#2\\fi}',
]

/**
 * Text in which nothing is a command, nor two characters a third; what cannot be printed (control and formatting characters,
 * such as those that turn the direction) is left out.
 */
export function latexText(text: string): string {
  let out = '',
    other = ''
  const end = (): void => {
    if (other !== '') out += `\\otherletters{${other}}{${'?'.repeat(clusters(other.replaceAll(' ', '')).length)}}`
    other = ''
  }
  for (const cluster of clusters(oneLine(text).normalize('NFC'))) {
    const one = written(cluster)
    if (one === null) {
      other += cluster
      continue
    }
    end()
    // `--` would be a dash, `?`` an exclamation from below, two apostrophes a quotation mark.
    out += /^[-'`,]/.test(one) && /[-'`?!,]$/.test(out) ? `{}${one}` : one
  }
  end()
  return out
}

/** Without line ends, and without what has no shape: control and formatting characters, and what chooses between shapes. */
export const oneLine = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\ufe00-\ufe0f]/gu, '')
