import { WorkbenchError } from '../../../../shared/errors.ts'
import { openReaderThread } from '../reader-thread.ts'
import type { Answer, Description, ParquetColumn, ParquetValue, Question } from './messages.ts'

/** Parquet files, read piece by piece in a thread of their own. */

/** Descriptions of many columns and groups, and pages of many small values, take some. */
const megabytes = 1024

export interface ParquetFile extends Description {
  path: string
  /** The values of a column in one group, piece by piece; one reading of a column at a time. */
  read(column: ParquetColumn, group: number): AsyncGenerator<ArrayLike<ParquetValue>>
  close(): Promise<void>
}

export interface ParquetOptions {
  signal?: AbortSignal | undefined
  /** Milliseconds that a piece may take. */
  patience?: number
}

/** @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED; the system's error where there is no such file; the signal's reason */
export async function openParquet(path: string, options: ParquetOptions = {}): Promise<ParquetFile> {
  const thread = openReaderThread<Question, Answer>(path, new URL('./reader.ts', import.meta.url), {
    library: 'hyparquet',
    megabytes,
    ...options,
  })
  const ask = async (question: Question): Promise<Answer> => {
    const answer = await thread.ask(question)
    if (answer.type === 'refused') throw WorkbenchError.from(answer.error)
    if (answer.type === 'failed') throw Object.assign(new Error(answer.message), { code: answer.code })
    return answer
  }
  try {
    const { description } = (await ask({ type: 'open' })) as Extract<Answer, { type: 'description' }>
    return {
      ...description,
      path,
      async *read({ index: column }, group) {
        for (let begin = true; ; begin = false) {
          const answer = await ask({ type: 'values', column, group, begin })
          if (answer.type === 'end') return
          yield answer.type === 'bytes' ? unpacked(answer) : (answer as Extract<Answer, { type: 'values' }>).values
        }
      },
      close: () => thread.close(),
    }
  } catch (error) {
    await thread.close()
    throw error
  }
}

function unpacked({ bytes, lengths }: Extract<Answer, { type: 'bytes' }>): ParquetValue[] {
  let at = 0
  return Array.from(lengths, (length) => (length < 0 ? null : new Uint8Array(bytes, (at += length) - length, length)))
}
