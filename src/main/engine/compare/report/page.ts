import type { Comparison, GroupFigure, SettingSection } from '../../../../shared/comparison.ts'
import type { CompareLine } from '../../../../shared/comparisonLines.ts'
import type { Dataset, Images } from '../../../../shared/domain.ts'
import { evaluatedWeights } from '../../../../shared/evaluatedWeights.ts'
import { differenceUnit, scaleOf } from '../../../../shared/figures.ts'
import { pictureSize } from '../../../../shared/pictureSize.ts'
import { counted, inSentence, thousands } from '../../../../shared/words.ts'
import { chosenSettings, isChoice, settingText } from '../textTables.ts'
import { forest, lineChart } from './chart.ts'
import { html, name, sentence, type Markup } from './html.ts'
import { stripOf } from './strip.ts'
import { colourOf, dashOf, style } from './style.ts'

/** What one run of a group looks like: its last pictures, on the dataset's preview rows. */
export interface Pictures {
  group: number
  seed: number
  epoch: number
  reconstructions: Images | null
  corrupted: Images | null
  denoised: Images | null
  filters: Images | null
}

export interface ReportFacts {
  comparison: Comparison
  /** Each with the curves of all groups that are measured on the same. */
  curves: { title: string; unit: string; lines: CompareLine[] }[]
  pictures: Pictures[]
  /** By dataset the images that the pictures are of. */
  originals: { dataset: string; images: Images }[]
  datasets: Dataset[]
  version: string
  /** ISO 8601. */
  createdAt: string
}

/** A comparison as one HTML file: no script, nothing from anywhere else; it opens in any browser and prints. */
export function reportPage(facts: ReportFacts): string {
  const { comparison, curves, version, createdAt, datasets } = facts
  const { groups, runs, sentences, notes, correction } = comparison
  const charts = curves.map(({ title: curve, unit, lines }) => lineChart(lines, curve, unit))
  const names = [...groups.map(({ title }) => title), ...runs.map((run) => run.name)]
  const title = `${groups.length === 1 ? 'One setting' : `${groups.length} settings`}, ${counted(runs.length, 'run')}`
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Comparison of ${title}</title>
<style>${style}</style>
</head>
<body>
<header><h1>Comparison of ${title}</h1>
<p class="muted">${createdAt.slice(0, 16).replace('T', ' ')} UTC, Autoencoder Workbench ${version}</p>
${datasets.map(
  ({ name: called, count, testCount, width, height, channels, kind, sha256 }) => html`<p
  class="muted">Dataset ${name(called)}: ${thousands(count)} ${
    kind === 'image' ? `images of ${width} × ${height}${channels === 3 ? ' in colour' : ''}` : `rows of ${width} values`
  }, ${thousands(testCount)} of them for testing; SHA-256 <span class="small">${sha256}</span></p>`,
)}</header>
<main>
<div class="lead">${sentences.map((one) => html`<p>${sentence(one, names)}</p>`)}</div>
${notes.length > 0 && html`<ul class="muted">${notes.map((note) => html`<li>${sentence(note, names)}</li>`)}</ul>`}
${figuresSection(comparison)}
${differencesSection(comparison, correction)}
${
  charts.some(Boolean) &&
  html`<h2>Curves</h2>
${comparison.curves.notes.map((note) => html`<p class="muted">${sentence(note, names)}</p>`)}
<div class="charts">${charts}</div>`
}
${picturesSection(facts)}
${settingsSection(comparison)}
${runsSection(comparison)}
</main>
<footer><p class="muted small">All figures were measured on the test samples, the same for every run.
Intervals are 95% intervals of the mean over seeds (Student’s t); differences are paired by seed.
Runs of one seed share the validation split, the order of the batches and the initial weights of the layers that they have in
common.</p></footer>
</body>
</html>
`.text
}

/** Groups in a table at most: more would not fit on paper. */
const across = 6
const blocks = (count: number): number[][] =>
  Array.from({ length: Math.ceil(count / across) }, (_, block) =>
    Array.from({ length: Math.min(across, count - block * across) }, (_, index) => block * across + index),
  )

const groupHead = ({ groups }: Comparison, indices: readonly number[], first: string): Markup =>
  html`<thead><tr><th scope="col">${first}</th>${indices.map((index) => {
    const group = groups[index]!
    return html`<th scope="col" class="number"><span class="swatch"
      style="border-top-color:${colourOf(group.colour)};border-top-style:${dashOf(group.colour) === '' ? 'solid' : 'dashed'}"
      ></span>${name(group.title)}<br>
      <span class="unit">${group.counted.length === 1 ? '1 seed' : `${group.counted.length} seeds`}</span></th>`
  })}</tr></thead>`

function figuresSection(comparison: Comparison): Markup | false {
  const shown = comparison.groupFigures.filter(({ estimates }) => estimates.some(({ n }) => n > 0))
  if (shown.length === 0) return false
  return html`<h2>Figures on the test samples</h2>
${blocks(comparison.groups.length).map(
  (indices) => html`<div class="scroll"><table>${groupHead(comparison, indices, 'Mean ± half of its 95% interval')}<tbody>
${shown.map(
  ({ title, unit, better, estimates, best }) =>
    html`<tr><th scope="row">${title} ${unit !== '' && html`<span class="unit">(${unit})</span>`} ${
      better === 'neither' ? null : html`<span class="unit">${better === 'lower' ? '↓' : '↑'}</span>`
    }</th>${indices.map(
      (index) => html`<td class="number${best.includes(index) ? ' best' : ''}">${estimates[index]!.text}</td>`,
    )}</tr>`,
)}
</tbody></table></div>`,
)}<p class="muted small">↓ lower is better, ↑ higher is better; the best in bold.</p>`
}

function differencesSection(comparison: Comparison, correction: string | null): Markup | false {
  const shown = comparison.groupFigures.filter(
    ({ better, differences }) => better !== 'neither' && differences.some(({ low }) => low !== null),
  )
  if (shown.length === 0) return false
  const headline = shown.find(({ key }) => key === comparison.headline) ?? shown[0]!
  const titles = comparison.groups.map(({ title }) => title)
  return html`<h2>Differences, paired by seed</h2>
${correction !== null && html`<p class="muted">${correction}</p>`}
${forest(
  forestRows(comparison, headline),
  `Difference in ${inSentence(headline.title)}${headline.unit === '' ? '' : ` (${differenceUnit(headline.unit)})`}, ` +
    `${headline.better === 'lower' ? 'lower' : 'higher'} is better; with 95% intervals`,
)}
<div class="scroll"><table><thead><tr><th scope="col">Figure</th><th scope="col">Settings</th><th scope="col">Compared with</th><th
  scope="col" class="number">Difference (95% interval)</th><th scope="col" class="number">Seeds</th><th scope="col"
    class="number">p corrected</th><th scope="col">Verdict</th></tr></thead><tbody>
${shown.flatMap(({ title, unit, differences }) =>
  differences
    .filter(({ mean }) => mean !== null)
    .map(
      (one) => html`<tr><th scope="row">${title}${unit !== '' && html` <span class="unit">(${differenceUnit(unit)})</span>`}</th>
    <td>${name(titles[one.group]!)}</td><td>${name(titles[one.baseline]!)}</td><td class="number">${one.text}</td><td
      class="number">${one.seeds.length}</td><td class="number">${one.correctedText}</td><td>${one.verdictText}</td></tr>`,
    ),
)}
</tbody></table></div>`
}

function forestRows({ groups }: Comparison, { unit, differences }: GroupFigure) {
  const scale = scaleOf({ unit })
  return differences.flatMap(({ group, mean, low, high, text }) =>
    mean === null || low === null || high === null
      ? []
      : [
          {
            title: groups[group]!.title,
            colour: groups[group]!.colour,
            mean: mean * scale,
            low: low * scale,
            high: high * scale,
            text,
          },
        ],
  )
}

/** Widest row of pictures on the page, and how large each is wanted; at least eight are in a row. */
const widest = 896,
  wanted = 64,
  mostImages = 16

function picturesSection({ comparison: { groups }, pictures, originals }: ReportFacts): Markup | false {
  const some = pictures.filter(({ reconstructions }) => reconstructions !== null)
  const filters = pictures.filter((one) => one.filters !== null)
  if (some.length === 0 && filters.length === 0) return false
  const titleOf = (index: number) => groups[index]!.title
  const strip = (label: Markup, images: Images | null, description: string): Markup | false => {
    if (images === null) return false
    const scale = pictureSize(images, wanted, { width: widest / 8 - 1 }).width / images.width
    const count = Math.max(1, Math.min(mostImages, images.count, Math.floor(widest / ((images.width + 1) * scale))))
    const { width, height, png } = stripOf(images, count)
    return html`<span>${label}</span><img class="${scale > 1 ? 'enlarged' : ''}" alt="${description}"
      width="${Math.round(width * scale)}" height="${Math.round(height * scale)}"
      src="data:image/png;base64,${png.toString('base64')}">`
  }
  return html`${
    some.length > 0 &&
    html`<h2>The same test images as each rebuilds them</h2>
<div class="strips">${originals.map(({ dataset, images }) =>
      strip(html`Original${originals.length > 1 && html` (${name(dataset)})`}`, images, 'Test images'),
    )}
${some.map(
  (one) =>
    html`${strip(
      html`${name(titleOf(one.group))} <span class="unit">seed ${one.seed}</span>`,
      one.reconstructions,
      `Reconstructions by ${titleOf(one.group)}`,
    )}${one.corrupted && strip(html`<span class="unit">its corrupted input</span>`, one.corrupted, 'Corrupted input')}${
      one.denoised &&
      strip(html`<span class="unit">rebuilt from that</span>`, one.denoised, 'Reconstructions of the corrupted input')
    }`,
)}</div>`
  }
${
  filters.length > 0 &&
  html`<h2>Filters of the first layer</h2><div class="strips">${filters.map((one) =>
    strip(
      html`${name(titleOf(one.group))} <span class="unit">seed ${one.seed}</span>`,
      one.filters,
      `Filters of ${titleOf(one.group)}`,
    ),
  )}</div>`
}`
}

function settingsSection(comparison: Comparison): Markup | false {
  const { groups } = comparison
  const settings = chosenSettings(comparison.settings)
  if (settings.length === 0) return false
  const rows = (sections: readonly SettingSection[], depth: number, indices: readonly number[]): Markup[] =>
    sections.flatMap((section) => [
      html`<tr><th scope="rowgroup" colspan="${indices.length + 1}"
        style="padding-left:${depth * 12}px;font-weight:600">${section.title}</th></tr>`,
      ...section.rows.map(
        ({ key, title, groupValues }) =>
          html`<tr><th scope="row" style="padding-left:${(depth + 1) * 12}px">${title}</th>${indices.map(
            (index) => html`<td
            class="number">${isChoice(key) ? settingText(key, groupValues[index]!) : name(groupValues[index]!)}</td>`,
          )}</tr>`,
      ),
      ...rows(section.sections, depth + 1, indices),
    ])
  return html`<h2>Settings that differ</h2>${blocks(groups.length).map(
    (indices) => html`<div class="scroll">
    <table>${groupHead(comparison, indices, '')}<tbody>${rows(settings, 0, indices)}</tbody></table></div>`,
  )}`
}

/** Figures in the table of runs: what people look at first. */
const runFigures = 7

function runsSection(comparison: Comparison): Markup {
  const { runs, groups, figures } = comparison
  const groupOf = new Map(groups.flatMap((group) => group.runs.map((run) => [run, group.title] as const)))
  const shown = figures
    .filter(({ better, values }) => better !== 'neither' && values.some((value) => value !== null))
    .slice(0, runFigures)
  return html`<h2>Runs</h2><div class="scroll"><table><thead><tr><th scope="col">Run</th><th scope="col">Settings</th><th
    scope="col" class="number">Seed</th><th scope="col">State</th><th scope="col" class="number">Epochs</th><th
      scope="col">Evaluated</th><th scope="col" class="number">Parameters</th>${shown.map(
        ({ title, unit }) => html`<th scope="col"
        class="number">${title}${unit !== '' && html` <span class="unit">(${unit})</span>`}</th>`,
      )}<th scope="col">Id</th></tr>
          </thead><tbody>
${runs.map(
  (run, index) => html`<tr><th scope="row">${name(run.name)}</th><td>${name(groupOf.get(run.id) ?? '')}</td><td
  class="number">${run.seed}</td><td>${run.state}</td><td class="number">${Math.round(run.epoch * 10) / 10}</td><td>${
    run.evaluation ? evaluatedWeights(run.evaluation) : ''
  }</td><td class="number">${thousands(run.parameters)}</td>${shown.map(
    ({ texts }) => html`<td class="number">${texts[index]!}</td>`,
  )}<td>${run.id}</td></tr>`,
)}
</tbody></table></div>`
}
