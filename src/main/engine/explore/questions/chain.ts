import type { Corruption, QuestionOf } from '../../../../shared/questions.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { sizeOf } from '../../../../shared/shape.ts'
import { sampleHidden, sampleVisible, type Machine } from '../../network/boltzmann.ts'
import { tf, type Tensor2D } from '../../trace/tensorflow.ts'
import type { Randomness } from '../../network/randomness.ts'
import { corrupted, corruptionWords, drawsOf } from '../corrupt.ts'
import { distributionOf, distributionWords } from '../decoding.ts'
import { imageOf, requireRows } from '../images.ts'
import type { Distribution, ExploredNetwork } from '../network.ts'
import { PictureBook, read } from '../pictures.ts'
import type { Answer } from '../question.ts'
import type { Subject } from '../subject.ts'

/** States that one answer shows, over all chains. */
const mostShown = 4000

/** A step of all chains: what goes on, and what is shown of it. A function of the state and the draws. */
type Step = (state: Tensor2D, draws: Randomness) => { next: Tensor2D; shown: Tensor2D }

/**
 * Chains of images. An autoencoder's: corrupt, encode, decode, again (Bengio, Yao, Alain and Vincent 2013, algorithm 1, where
 * the draw from the decoder is part of each step; here it can be left out). A Boltzmann machine's: block Gibbs sampling (Hinton
 * 2012, section 3).
 */
export const chain: Answer<'chain'> = async (question, { subject, drawing, report }) => {
  const { network } = subject
  const { start, steps, every, sampled, seed } = question
  const { state: first, step: from } = await startOf(subject, question)
  const chains = first.shape[0]
  const states = 1 + Math.floor(steps / every)
  if (states * chains > mostShown)
    throw new WorkbenchError(
      'CALL_INVALID',
      `${states} states of ${chains} chains are more than the ${mostShown} that ` +
        'can be shown at once; show fewer of them (every) or ask for fewer steps.',
      { field: 'question.every' },
    )
  const { machine } = network
  const distribution = await distributionOf(subject)
  const given = question.corruption ?? null
  const step = machine ? gibbsStep(machine) : denoisingStep(network, given, sampled ? distribution : null, subject.channels)
  // A chain that goes on has shown its first state already.
  const numbers = 'last' in start ? [] : [0]
  const book = new PictureBook((numbers.length + Math.floor(steps / every)) * chains, drawing, drawing.range)
  if (numbers.length > 0) book.add(first)
  let state = first
  for (let number = 1; number <= steps; number++) {
    // Keyed by the step's number since the chain began: a chain that is asked for in parts is the same as one asked for at once.
    const stepped = tf.tidy(() => step(state, drawsOf(seed, from + number)))
    if (state !== first) state.dispose()
    state = stepped.next
    if (number % every === 0) {
      book.add(stepped.shown)
      numbers.push(from + number)
    }
    stepped.shown.dispose()
    await report(number / steps)
  }
  return {
    kind: 'chain',
    walk: machine ? 'gibbs' : 'denoising',
    corruption: given,
    distribution,
    chains,
    sentence: machine
      ? gibbsWords(machine)
      : words(network, given, sampled ? distribution : null, 'row' in start || 'file' in start || 'values' in start ? chains : 1),
    shown: Int32Array.from(numbers),
    pictures: book.pictures,
    last: read(state),
    step: from + steps,
  }
}

/** The states that the chains begin with, [chains, D]. */
async function startOf(subject: Subject, { start, chains, seed }: QuestionOf<'chain'>): Promise<{ state: Tensor2D; step: number }> {
  const size = sizeOf(subject.network.input)
  if ('last' in start) {
    const count = start.last.length / size
    if (!Number.isInteger(count) || count < 1 || count > 64 || !start.last.every(Number.isFinite))
      throw new WorkbenchError(
        'IMAGE_SIZE',
        `A chain goes on from ${size} values for each of up to 64 chains, as an earlier answer gave them.`,
        { field: 'question.start' },
      )
    return { state: tf.tensor2d(start.last.slice(), [count, size]), step: start.step }
  }
  if ('noise' in start) {
    const draws = drawsOf(seed, 0),
      shape = [chains, size]
    const vectors = subject.target.dataset.kind === 'vector'
    // Pixels are in [0, 1], vectors standardised.
    const state =
      start.noise === 'uniform'
        ? draws
            .uniform('start', shape)
            .mul(vectors ? 6 : 1)
            .sub(vectors ? 3 : 0)
        : draws.normal('start', shape, vectors ? 1 : 0.25).add(vectors ? 0 : 0.5)
    return { state: state as Tensor2D, step: 0 }
  }
  if ('rows' in start) {
    requireRows(subject, start.rows)
    return { state: subject.inputs(start.rows), step: 0 }
  }
  const { inputs } = await imageOf(subject, start)
  return { state: tf.tile(inputs, [chains, 1]), step: 0 }
}

const gibbsStep =
  (machine: Machine): Step =>
  (state, draws) => {
    const hidden = sampleHidden(machine, machine.network.encode(state), draws, 'hidden')
    const mean = machine.network.output(machine.network.decode(hidden))
    return { next: sampleVisible(machine, mean, draws, 'visible'), shown: mean }
  }

/** @param given null: the variant's own corruption @param draws null: the decoder's output goes on as it is */
const denoisingStep =
  (network: ExploredNetwork, given: Corruption | null, distribution: Distribution | null, channels: number): Step =>
  (state, draws) => {
    const noisy = given ? corrupted(state, given, draws, channels) : (network.corrupt?.(state, draws, channels) ?? state)
    if (!distribution) {
      const next = network.reconstruct(noisy)
      return { next, shown: next.clone() }
    }
    const { latent } = network
    if (!latent) {
      const { mean, drawn } = network.drawDecoded(network.encode(noisy), distribution, draws)
      return { next: drawn, shown: mean }
    }
    const { mean: centre, logVariance } = latent.posterior(noisy)
    const { mean, drawn } = network.drawDecoded(
      centre.add(draws.normal('code', centre.shape, 1).mul(logVariance.mul(0.5).exp())),
      distribution,
      draws,
    )
    return { next: drawn, shown: mean }
  }

/** @param alike chains that begin with one image: without any draw all of them are one */
function words(network: ExploredNetwork, given: Corruption | null, distribution: Distribution | null, alike: number): string {
  const corruption = given ? corruptionWords(given) : network.corrupt ? 'the input is corrupted as it was in training' : null
  const then =
    distribution === null
      ? 'encoded and decoded'
      : network.latent
        ? `encoded, a code is drawn from q(z|x) and decoded, and ${distributionWords(distribution)}`
        : `encoded and decoded, and ${distributionWords(distribution)}`
  const drawn = distribution === null ? '' : ' The means of the draws are shown.'
  const same =
    alike === 1 || corruption !== null || distribution !== null
      ? ''
      : given === null
        ? ' The run was trained without noise, so nothing is drawn and all chains are the same; choose a noise to see them part.'
        : ' Nothing is drawn, so all chains are the same; choose a noise to see them part.'
  return `In each step ${corruption === null ? 'the input' : `${corruption}; then the result`} is ${then}.${drawn}${same}`
}

const gibbsWords = ({ visible, hidden }: Machine): string =>
  `In each step the ${hidden === 'bernoulli' ? 'binary' : 'linear'} hidden units are drawn given the visible ones, ` +
  `then the ${visible === 'bernoulli' ? 'binary' : 'normal'} visible ones given these. Their means are shown.`
