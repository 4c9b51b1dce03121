import type { Command } from '../command.ts'
import { doctorHelp, doctorOptions } from '../doctor.ts'
import { serveOptions } from '../../serve.ts'
import { datasetsAdd, datasetsList, datasetsRepair, datasetsShow } from './datasets.ts'
import { datasetsInspect } from './inspect.ts'
import { experimentList, experimentResume, experimentRun, experimentShow } from './experiments.ts'
import { explore } from './explore.ts'
import { experimentPack, experimentUnpack } from './packing.ts'
import { placesAdd, placesCheck, placesList, placesRemove } from './places.ts'
import { presetsList } from './presets.ts'
import { prune } from './pruning.ts'
import { compare } from './compare.ts'
import { embed, embeddingsList } from './embed.ts'
import { exportRun, loader, objective, variants } from './results.ts'
import { evaluateRun, runsList, runsShow } from './runs.ts'
import { experimentCancel, runsCancel } from './cancelling.ts'
import { datasetsRemove, embeddingsRemove, experimentRemove, runsRemove, trashList, trashRestore } from './removing.ts'
import { experimentCollect, experimentSend } from './sending.ts'
import { storageEmpty, storageShow, storageThin } from './storage.ts'
import { resume, train } from './train.ts'

/** Commands that make calls of an engine, by their names. */
export const commands: Record<string, Command> = {
  variants,
  presets: presetsList,
  'datasets add': datasetsAdd,
  'datasets list': datasetsList,
  'datasets inspect': datasetsInspect,
  'datasets show': datasetsShow,
  'datasets repair': datasetsRepair,
  'datasets remove': datasetsRemove,
  train,
  resume,
  evaluate: evaluateRun,
  prune,
  'runs list': runsList,
  'runs show': runsShow,
  'runs loader': loader,
  'runs cancel': runsCancel,
  'runs remove': runsRemove,
  'experiment run': experimentRun,
  'experiment resume': experimentResume,
  'experiment show': experimentShow,
  'experiment list': experimentList,
  'experiment cancel': experimentCancel,
  'experiment remove': experimentRemove,
  'experiment pack': experimentPack,
  'experiment unpack': experimentUnpack,
  'experiment send': experimentSend,
  'experiment collect': experimentCollect,
  'places list': placesList,
  'places add': placesAdd,
  'places check': placesCheck,
  'places remove': placesRemove,
  compare,
  export: exportRun,
  embed,
  'embeddings list': embeddingsList,
  'embeddings remove': embeddingsRemove,
  explore,
  objective,
  'storage show': storageShow,
  'storage thin': storageThin,
  'storage empty': storageEmpty,
  'trash list': trashList,
  'trash restore': trashRestore,
  'trash empty': { ...storageEmpty, summary: 'Deletes for good what was removed.' },
}

/** Those that are hosts of an engine, or do without one. */
export const hosts: Record<'serve' | 'doctor', Omit<Command, 'run' | 'positionals'>> = {
  serve: {
    usage: '[--port P] [--open]',
    summary: 'The workbench in a browser on this machine.',
    options: serveOptions,
    help: [
      '--port P  where it answers (default: where it did since this computer was started, else any port that is free)',
      '--open  opens the browser, too',
    ],
  },
  doctor: {
    usage: '[--check] [--recover [--dataset D]]',
    summary: 'Checks everything that the workbench needs of this machine.',
    options: doctorOptions,
    help: doctorHelp,
  },
}
