import type { Context, Handlers } from './context.ts'

/** Files for a browser to download. */
export const downloadHandlers = ({ downloads }: Context) =>
  ({
    'downloads.begin': ({ name, folder }) => downloads.begin(name, folder),
    'downloads.ready': ({ download }) => downloads.ready(download),
    'downloads.end': ({ download }) => {
      downloads.end(download)
      return {}
    },
  }) satisfies Partial<Handlers>
