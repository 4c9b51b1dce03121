import { rmSync } from 'node:fs'
import { homeAt } from '../../src/main/engine/home.ts'
import { isAlive, until, windowTest, socketOf } from './launchElectron.ts'

windowTest('a lost database is recovered from the window, which says what came back and what did not', async ({ home, open }) => {
  const first = await open()
  await first.page.getByRole('heading', { name: 'Begin with images' }).waitFor()
  const remote = await socketOf(home)
  const { call } = remote
  const { task } = await call('datasets.import', { path: 'moons', name: 'moons', count: 300 })
  await until('the import', async () => (await call('tasks.show', { task: task.id })).task.state === 'done')
  const { run } = await call('runs.create', { dataset: 'moons', variant: 'pca', settings: { 'network.layers': [1] }, name: 'kept' })
  await until('the run', async () => (await call('runs.show', { run: run.id })).run.state === 'completed')
  remote.close()
  const { pid } = first.engine()!
  await first.app.close()
  // Under load it takes longer than the shell.
  await until('the engine to end', () => !isAlive(pid))
  for (const part of ['', '-wal', '-shm']) rmSync(`${homeAt(home).database}${part}`, { force: true })

  const { page } = await open()
  const banner = page.getByRole('alert').filter({ hasText: 'is missing, but 1 dataset and 1 run lie in their folders' })
  await banner.getByRole('button', { name: 'Recover' }).click()
  const told = page.getByRole('region', { name: 'What was recovered' })
  await told.getByText('It contains 1 dataset, 1 run, 0 experiments and 0 sets of kept codes').waitFor()
  // What cannot be had again is said, too.
  await told.getByText('The curves and pictures of 1 run were in the lost database only').waitFor()
  await page.getByRole('link', { name: 'Runs' }).first().click()
  await page.getByText('kept').first().waitFor()
  await told.getByRole('button', { name: 'Dismiss' }).click()
  await told.waitFor({ state: 'detached' })
  await banner.waitFor({ state: 'detached' })
})
