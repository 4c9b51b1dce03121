/**
 * What is looked at: the name of the picture, the address, and what is done before it is taken. A scene waits for what it
 * shows, so that a view that never comes is a picture that is missed.
 */

const heading = (name) => (page) => page.getByRole('heading', { name }).first().waitFor()
const text = (words) => (page) => page.getByText(words).first().waitFor()
const canvases = (count) => (page) =>
  page
    .locator('canvas')
    .nth(count - 1)
    .waitFor()
const chart = (name) => (page) => page.getByRole('application', { name }).first().waitFor()
const press = (name) => async (page) => {
  await page.getByRole('button', { name, exact: true }).first().click()
}
const inTurn =
  (...steps) =>
  async (page) => {
    for (const step of steps) await step(page)
  }
/** A part of a long page to the top of it. */
const scrolledTo = (locate) => (page) =>
  locate(page)
    .first()
    .evaluate((part) => part.scrollIntoView({ block: 'start' }))
/** All curves have lines. */
const drawn = (page) =>
  page.waitForFunction(() => {
    const charts = [...document.querySelectorAll('figure[data-drawn]')]
    return charts.length > 0 && charts.every((each) => each.dataset.drawn !== '0')
  })
/** Nothing is on its way any more. */
const settled = (page) => page.waitForFunction(() => !document.querySelector('[aria-busy=true], main .skeleton'))

/** Of a home with nothing in it. `folder`: with images, for the first view's form. */
export const emptyScenes = (folder) => [
  ['start-empty', '#/start', heading('Begin with images')],
  [
    'start-typed',
    '#/start',
    async (page) => {
      await page.getByLabel('Folder or file', { exact: true }).fill(folder)
      await page.getByRole('textbox', { name: 'Name' }).waitFor()
    },
  ],
  ['datasets-empty', '#/datasets', (page) => page.getByLabel('Folder or file', { exact: true }).waitFor()],
  ['experiments-empty', '#/experiments', text('No experiments yet')],
  ['runs-empty', '#/runs', text('No runs yet')],
  ['compare-empty', '#/compare', text('Nothing to compare yet')],
  ['explore-empty', '#/explore', text('Nothing to explore yet')],
  ['exports-empty', '#/exports', text('Nothing exported yet')],
  ['storage-empty', '#/storage', heading('Storage')],
]

/** Of a home that `fill` filled; `live` is the id of a run that trains meanwhile. */
export function filledScenes({ datasets, experiments, runs, live }) {
  return [
    ...dataScenes(datasets),
    ...experimentScenes(experiments.plane, datasets.mnist),
    ...tableScenes(runs),
    ...runScenes(runs, live),
    ...compareScenes(experiments, runs),
    ...exploreScenes(runs),
    ...exportScenes(runs),
    ...otherScenes(),
  ].map(([name, address, ready]) => [name, address, inTurn(ready ?? (() => {}), settled)])
}

/** The README's, of the experiment on colour images; with how high each is. */
export const readmeScenes = ({ experiments: { colours } }) => [
  [
    'images',
    `#/compare?runs=${colours.members}&part=images`,
    inTurn(
      (page) => page.locator('.images canvas').nth(3).waitFor(),
      settled,
      scrolledTo((page) => page.getByRole('tablist')),
    ),
    640,
  ],
  ['comparison', `#/compare?runs=${colours.members}`, inTurn(drawn, settled), 940],
]

const dataScenes = ({ mnist, moons, patches }) => [
  ['start', '#/start', (page) => page.locator('canvas, img').first().waitFor()],
  ['datasets', '#/datasets', text('moons')],
  ['dataset', `#/datasets/${mnist}`, canvases(1)],
  ['dataset-plane', `#/datasets/${moons}`, canvases(1)],
  ['dataset-patches', `#/datasets/${patches}`, canvases(1)],
]

const experimentScenes = (experiment, dataset) => [
  ['experiments', '#/experiments', (page) => page.getByRole('link', { name: experiment.name }).waitFor()],
  ['experiments-unpack', '#/experiments', press('Unpack')],
  [
    'experiment',
    `#/experiments/${experiment.id}`,
    async (page) => {
      await page.locator('td.mean').getByText('±').first().waitFor()
      await page.locator('a[data-row="1"][data-column="1"]').hover()
    },
  ],
  [
    'experiment-pack',
    `#/experiments/${experiment.id}`,
    inTurn(press('Pack into a file'), (page) => page.getByRole('form', { name: 'Pack into a file' }).waitFor()),
  ],
  [
    'experiment-new',
    `#/experiments/new?dataset=${dataset}`,
    (page) => page.getByRole('list', { name: 'Templates' }).getByRole('listitem').nth(7).waitFor(),
  ],
  [
    'experiment-plan',
    `#/experiments/new?dataset=${dataset}&template=regularizers`,
    (page) =>
      page
        .getByRole('complementary')
        .getByText(/^\d+ runs$/)
        .waitFor(),
  ],
  [
    'experiment-plan-error',
    `#/experiments/new?dataset=${dataset}&template=lambda`,
    async (page) => {
      await page.getByRole('button', { name: 'Contractive', expanded: false }).click()
      await page.getByLabel('Lambda').fill('0.1, much')
      await page.getByLabel('Seeds').fill('1-3, 2')
      await page.locator('[aria-invalid=true]').nth(1).waitFor()
    },
  ],
]

/** The table as it is without groups: how it was last looked at is kept with the home. */
const table = async (page) => {
  await page.getByLabel('Group by').selectOption('')
  await page.locator('tr[data-run]').nth(2).waitFor()
}

const tableScenes = ({ pca, contractive }) => [
  ['runs', '#/runs', table],
  [
    'runs-columns',
    '#/runs',
    inTurn(table, press('Columns'), (page) =>
      page.getByRole('dialog', { name: 'Columns' }).getByText('Squared error').first().waitFor(),
    ),
  ],
  [
    'runs-filter',
    '#/runs',
    async (page) => {
      await table(page)
      await page.getByRole('columnheader', { name: /^Error/ }).hover()
      await page.getByRole('button', { name: /^Error: filter/ }).click()
      await page.getByRole('dialog', { name: 'Error' }).getByRole('button', { name: 'Hide' }).waitFor()
    },
  ],
  [
    'runs-grouped',
    '#/runs',
    async (page) => {
      await page.getByRole('row').nth(3).waitFor()
      await page.getByLabel('Group by').selectOption('variant')
      await page.locator('tr[data-group]').nth(1).click()
      await page.locator('tr[data-run]').first().waitFor()
    },
  ],
  [
    'runs-selected',
    '#/runs',
    async (page) => {
      await table(page)
      for (const { name } of [pca, contractive]) await page.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check()
    },
  ],
]

const runScenes = ({ pca, classical, denoising, collapsed, staged, machine, moons, convolutional }, live) => [
  ['new', '#/new', (page) => page.getByLabel('Layers').waitFor()],
  [
    'new-error',
    '#/new?variant=denoising',
    async (page) => {
      await page.getByLabel('Layers').fill('512, 0')
      await page.getByLabel('Rate', { exact: true }).fill('1.5')
      await page.locator('[aria-invalid=true]').nth(1).waitFor()
    },
  ],
  ['new-all', '#/new?variant=denoising', (page) => page.getByText(/more setting/).click()],
  ['new-preset', '#/new?preset=vincent2010', (page) => page.getByRole('radio').nth(3).waitFor({ state: 'attached' })],
  ['new-convolutions', `#/new?dataset=${convolutional.datasetId}`, text('auto: ')],
  ['run-convolutions', `#/runs/${convolutional.id}`, canvases(3)],
  ['run-live', `#/runs/${live}`, canvases(3)],
  ['run-pca', `#/runs/${pca.id}`, canvases(1)],
  ['run-classical', `#/runs/${classical.id}`, canvases(3)],
  ['run-denoising', `#/runs/${denoising.id}`, canvases(3)],
  ['run-stages', `#/runs/${staged.id}`, canvases(3)],
  ['run-machine', `#/runs/${machine.id}`, canvases(2)],
  [
    'run-collapsed',
    `#/runs/${collapsed.id}`,
    inTurn(
      canvases(3),
      scrolledTo((page) => page.getByRole('heading', { name: 'Code units' })),
    ),
  ],
  ['run-plane', `#/runs/${moons.id}`, canvases(3)],
  [
    'run-loader',
    `#/runs/${denoising.id}`,
    inTurn(press('Load in PyTorch'), (page) => page.getByLabel('PyTorch program').waitFor()),
  ],
  ['run-export', `#/runs/${denoising.id}`, inTurn(press('Save as ONNX'), (page) => page.getByLabel('File').waitFor())],
]

function compareScenes({ digits, plane }, { pca, classical, denoising }) {
  const three = [pca, classical, denoising].map(({ id }) => id).join(',')
  const tabs = scrolledTo((page) => page.getByRole('tablist'))
  const images = scrolledTo((page) => page.getByRole('heading', { name: 'Reconstructions' }))
  return [
    ['compare', `#/compare?runs=${three}`, drawn],
    ['compare-groups', `#/compare?runs=${digits.members}`, drawn],
    [
      'compare-groups-images',
      `#/compare?runs=${digits.members}&part=images`,
      inTurn((page) => page.locator('.images canvas').nth(3).waitFor(), tabs),
    ],
    [
      'compare-images',
      `#/compare?runs=${three}&part=images`,
      async (page) => {
        await page.locator('.images canvas').nth(3).waitFor()
        await images(page)
        const box = await page.locator('.images canvas').nth(2).boundingBox()
        await page.mouse.move(box.x + 30, box.y + 30)
      },
    ],
    [
      'compare-corrupted',
      `#/compare?runs=${three}&part=images`,
      async (page) => {
        await page.getByLabel('Inputs').selectOption('masking-0.5')
        await page.getByLabel('Differences from the originals').check()
        await page.locator('.images canvas').nth(7).waitFor()
        await images(page)
      },
    ],
    [
      'compare-codes',
      `#/compare?runs=${three}&part=codes`,
      async (page) => {
        await page
          .getByRole('application', { name: /^Activations of/ })
          .nth(2)
          .waitFor()
        await page.getByRole('button', { name: '7', exact: true }).and(page.locator(':enabled')).click()
        await tabs(page)
      },
    ],
    [
      'compare-seeds',
      `#/compare?runs=${plane.members}`,
      async (page) => {
        await drawn(page)
        await page.locator('figure[data-drawn] canvas').first().hover()
        await page.locator('.plot .heading').waitFor()
      },
    ],
    ['compare-differences', `#/compare?runs=${plane.members}&show=differences&by=group`, drawn],
    [
      'compare-terms',
      `#/compare?runs=${plane.members}&by=run&smoothing=0.6&terms=${plane.members.split(',').at(-1)}`,
      async (page) => {
        await page
          .getByRole('figure', { name: /^Terms of the objective/ })
          .and(page.locator('[data-drawn="2"]'))
          .waitFor()
        await page
          .locator('.body')
          .first()
          .evaluate((body) => body.scrollTo(0, body.scrollHeight))
      },
    ],
    ['compare-relations', `#/compare?runs=${plane.members}&part=relations`, inTurn(chart(/dots/), tabs)],
    [
      'compare-settings',
      `#/compare?runs=${plane.members}&part=settings`,
      (page) => page.locator('tr[data-setting]').nth(2).waitFor(),
    ],
  ]
}

function exploreScenes({ classical, denoising, contractive, flat, machine, moons, convolutional }) {
  const at = (run, view, query = '') => `#/explore/${run.id}/${view}${query}`
  const beside = (run) => `?with=${run.id}`
  return [
    [
      'explore-similar',
      at(classical, 'similar', beside(denoising)),
      inTurn(
        (page) =>
          page
            .getByRole('listbox', { name: /^Nearest in the code/ })
            .nth(1)
            .waitFor(),
        text('By chance'),
      ),
    ],
    [
      'explore-similar-image',
      at(classical, 'similar'),
      async (page) => {
        await page.getByRole('button', { name: /^Image/ }).click()
        await page.getByRole('dialog', { name: 'Choose an image' }).getByRole('option').nth(20).waitFor()
      },
    ],
    [
      'explore-chain',
      at(denoising, 'chain', beside(classical)),
      async (page) => {
        await page
          .getByRole('img', { name: /^Chain of/ })
          .nth(1)
          .waitFor()
        await page.getByRole('slider', { name: 'States of the chain' }).fill('12')
      },
    ],
    ['explore-chain-machine', at(machine, 'chain'), (page) => page.getByRole('img', { name: /^Chain of/ }).waitFor()],
    ['explore-generate', at(flat, 'generate', beside(classical)), chart(/^Draws of/)],
    [
      'explore-generate-units',
      at(flat, 'generate', '?show=units'),
      (page) => page.locator('[data-made]').getByRole('img').waitFor(),
    ],
    ['explore-generate-between', at(flat, 'generate', '?show=between'), chart(/^Through the code/)],
    ['explore-manifold', at(flat, 'manifold'), chart(/^Manifold of/)],
    ['explore-manifold-plane', at(classical, 'manifold'), chart(/^Manifold of/)],
    ['explore-field', at(moons, 'field'), canvases(1)],
    ['explore-field-images', at(denoising, 'field'), text('The plane through the first, the second and the third image')],
    [
      'explore-tangents',
      at(contractive, 'tangents', beside(classical)),
      inTurn(chart(/^Stretch between two/), text(/Frobenius norm/)),
    ],
    [
      'explore-units',
      at(contractive, 'units'),
      (page) => page.getByRole('img', { name: 'Filter of unit 1', exact: true }).first().waitFor(),
    ],
    ['explore-maps', at(convolutional, 'features'), (page) => page.getByRole('listbox', { name: /^Maps of conv1/ }).waitFor()],
    [
      'explore-filters',
      at(convolutional, 'features', '?show=filters'),
      (page) =>
        page
          .getByRole('listbox', { name: /^Patches that excite filter/ })
          .first()
          .waitFor(),
    ],
    ['explore-units-variational', at(flat, 'units'), text('Outgoing weights')],
    [
      'explore-copying',
      at(classical, 'copying', beside(contractive)),
      (page) =>
        page
          .getByText(/is reconstructed, and \d+% of that of random pixels/)
          .nth(1)
          .waitFor(),
    ],
    ['explore-map', at(classical, 'map', beside(flat)), canvases(2)],
    ['explore-map-points', at(moons, 'map'), canvases(1)],
  ]
}

const exportScenes = ({ denoising }) => [
  ['exports', '#/exports', (page) => page.getByRole('table', { name: 'Exports' }).waitFor()],
  ['exports-file', '#/exports', (page) => page.getByRole('table', { name: 'Exports' }).getByRole('row').nth(1).click()],
  [
    'exports-codes',
    '#/exports',
    async (page) => {
      await page.getByRole('row').filter({ hasText: 'Codes of digits' }).click()
      const look = page.getByRole('region', { name: 'Codes of mnist' })
      await look.getByRole('row').filter({ hasText: denoising.name }).waitFor()
      await look.getByRole('application').first().waitFor()
    },
  ],
  ['exports-run', '#/exports', inTurn(press('Export a run'), (page) => page.getByLabel('Precision').waitFor())],
  [
    'exports-experiment',
    '#/exports',
    inTurn(
      press('Export a run'),
      (page) => page.getByText('All runs of an experiment').click(),
      (page) => page.getByLabel('Folder').waitFor(),
    ),
  ],
  [
    'exports-embed',
    '#/exports',
    inTurn(press('Embed images'), (page) => page.getByRole('region', { name: 'Embed images' }).waitFor()),
  ],
  [
    'exports-weights',
    '#/exports',
    inTurn(press('Open weights'), (page) => page.getByRole('combobox', { name: 'File of weights' }).waitFor()),
  ],
]

const otherScenes = () => [
  ['storage', '#/storage', (page) => page.getByRole('region', { name: 'Datasets' }).waitFor()],
  [
    'palette',
    '#/runs',
    async (page) => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Find' }).waitFor()
    },
  ],
  ['keys', '#/runs', (page) => page.keyboard.press('?')],
]

/** Of photographs alone; `folder`: where they lie, for the import form. */
export function photoScenes({ dataset, experiment, flat, first, second }, folder) {
  const compare = `#/compare?runs=${experiment.members}`
  const part = (name, ready) => [`photos-compare-${name}`, `${compare}&part=${name}`, ready]
  const typed = async (page) => {
    await page.getByLabel('Folder or file', { exact: true }).fill(folder)
    await page.getByLabel('Width', { exact: true }).fill('48')
    await page.getByLabel('Height', { exact: true }).fill('64')
    await page.locator('fieldset canvas').nth(8).waitFor()
    await settled(page)
  }
  return [
    ['photos-import', '#/datasets', inTurn(press('Import images'), typed)],
    [
      'photos-import-fits',
      '#/datasets',
      inTurn(
        press('Import images'),
        typed,
        scrolledTo((page) => page.locator('fieldset')),
      ),
    ],
    [
      'photos-chooser',
      '#/datasets',
      async (page) => {
        await press('Import images')(page)
        await page.getByLabel('Folder or file', { exact: true }).fill(folder)
        await page.getByRole('button', { name: 'Choose folder' }).click()
        await page.getByRole('dialog').getByText('triangle').waitFor()
      },
    ],
    ['photos-datasets', '#/datasets', text('photographs')],
    ['photos-dataset', `#/datasets/${dataset}`, canvases(1)],
    ['photos-new', `#/new?dataset=${dataset}`, text(/^about /)],
    ['photos-experiment', `#/experiments/${experiment.id}`, (page) => page.locator('td.mean').getByText('±').first().waitFor()],
    ['photos-run', `#/runs/${first.id}`, canvases(3)],
    [
      'photos-run-pictures',
      `#/runs/${first.id}`,
      inTurn(
        canvases(3),
        scrolledTo((page) => page.getByRole('heading', { name: 'Reconstructions' })),
      ),
    ],
    ['photos-compare', compare, drawn],
    [
      'photos-compare-saving',
      compare,
      inTurn(drawn, async (page) => {
        await page
          .getByRole('button', { name: /^How the table of/ })
          .first()
          .click()
        await page.getByRole('dialog', { name: 'CSV' }).waitFor()
      }),
    ],
    part('images', (page) => page.locator('.images canvas').nth(3).waitFor()),
    part('codes', chart(/^Activations of/)),
    part('relations', chart(/dots/)),
    part('settings', (page) => page.locator('tr[data-setting]').first().waitFor()),
    [
      'photos-runs',
      '#/runs',
      async (page) => {
        await page.getByLabel('Group by').selectOption('')
        await page.locator('tr[data-run]').nth(2).waitFor()
        await page.locator('tr[data-run]').nth(1).hover()
      },
    ],
    ['photos-similar', `#/explore/${first.id}/similar?with=${second.id}`, text('By chance')],
    ['photos-map', `#/explore/${first.id}/map?with=${flat.id}`, canvases(2)],
    ['photos-generate', `#/explore/${flat.id}/generate`, chart(/^Draws of/)],
    ['photos-manifold', `#/explore/${flat.id}/manifold`, chart(/^Manifold of/)],
    ['photos-maps', `#/explore/${first.id}/features`, (page) => page.getByRole('listbox', { name: /^Maps of conv1/ }).waitFor()],
    ['photos-copying', `#/explore/${first.id}/copying`, text(/of random pixels/)],
    ['photos-tangents', `#/explore/${first.id}/tangents`, text(/Frobenius norm/)],
    ['photos-storage', '#/storage', (page) => page.getByRole('region', { name: 'Datasets' }).waitFor()],
    ['photos-exports', '#/exports', press('Export a run')],
  ].map(([name, address, ready]) => [name, address, inTurn(ready, settled)])
}
