import { random } from '../random.ts'
import { direction } from '../reals.ts'
import { balanced } from './balanced.ts'
import type { ImageSet, ImageShape, Paint } from './set.ts'

/** How many values dSprites gives each factor. */
const steps = { scale: 6, angle: 40, place: 32 } as const
/** Hues are drawn in tenths of a degree. */
const hues = 3600

/** What is drawn for an image. `angle` in degrees anticlockwise, `x` and `y` from 0 to 1 rightwards and downwards, `hue` in degrees. */
interface Factors {
  shape: number
  scale: number
  angle: number
  x: number
  y: number
  hue: number
}

/** A shape of circumradius 1 about its centroid, from where `u` points right and `v` up. */
interface Shape {
  inside(u: number, v: number): boolean
  /** Radius of a disk about the centroid that lies in it. */
  core: number
}

/** Centroid of a square from -1 to 1 with half disks on its right and its upper side, along either axis. */
const offCentre = (Math.PI / 2 + 2 / 3) / (4 + Math.PI)
/** From there to the corner that lies opposite, in diagonals of a unit square: a heart's units in one of its circumradius. */
const perHeart = 1 + offCentre

const shapes: Record<'square' | 'ellipse' | 'heart', Shape> = {
  square: { core: 0.7, inside: (u, v) => u * u <= 0.5 && v * v <= 0.5 },
  /** Three fifths as high as it is wide. */
  ellipse: { core: 0.6, inside: (u, v) => u * u + (v * v) / 0.36 <= 1 },
  /** A square on its corner, with half disks on its two upper sides. */
  heart: {
    core: 0.5,
    inside(u, v) {
      const x = (u + v) * perHeart + offCentre,
        y = (v - u) * perHeart + offCentre
      return (x * x <= 1 && y * y <= 1) || (x - 1) * (x - 1) + y * y <= 1 || x * x + (y - 1) * (y - 1) <= 1
    },
  },
}
const shapeNames = Object.keys(shapes) as (keyof typeof shapes)[]

/** The circumradius at full scale, and what is kept free of centres at the borders, in shares of the shorter side. */
const reach = 0.25
/** Each pixel is looked at in so many places along either side. */
const samples = 8,
  all = samples * samples
/** Of a pixel, rounded up. */
const halfDiagonal = 0.71

/**
 * Sprites after dSprites (Matthey, Higgins, Hassabis and Lerchner, 2017), in colour: a square, an ellipse or a heart, at one of 6 scales
 * from 0.5 to 1, in one of 40 rotations of 9 degrees, at one of 32 x 32 places, and of any hue at full saturation and value, on
 * black. Each factor is drawn by itself, uniformly, where dSprites holds every combination once; its rotations end where they
 * began, and these do not. In gray the sprites are white, as there.
 */
export const sprites: ImageSet = {
  kind: 'image',
  name: 'sprites',
  title: 'Coloured sprites',
  description:
    'Colour images of a square, an ellipse or a heart, the class; scale, rotation, position and hue stand in the name of each image.',
  comparable: true,
  side: 32,
  channels: 3,
  count: 10_000,
  classes: shapeNames,
  labelsFrom: 'the shape of the sprite',
  draw(seed) {
    const label = balanced('synthetic/sprites', seed, shapeNames.length)
    const factorsOf = (image: number): Factors => {
      const source = random('synthetic/sprites', seed, image)
      return {
        shape: label(image),
        scale: 0.5 + source.below(steps.scale) / 10,
        angle: source.below(steps.angle) * (360 / steps.angle),
        x: source.below(steps.place) / (steps.place - 1),
        y: source.below(steps.place) / (steps.place - 1),
        hue: source.below(hues) / 10,
      }
    }
    return {
      label,
      factors(image) {
        const { shape, scale, angle, x, y, hue } = factorsOf(image)
        return `shape=${shapeNames[shape]} scale=${scale} angle=${angle} x=${x.toFixed(4)} y=${y.toFixed(4)} hue=${hue}`
      },
      paint: (shape) => painter(shape, factorsOf),
    }
  },
}

function painter({ width, height, channels }: ImageShape, factorsOf: (image: number) => Factors): Paint {
  const side = Math.min(width, height)
  return function* (out, image) {
    const { shape, scale, angle, x, y, hue } = factorsOf(image),
      { inside, core } = shapes[shapeNames[shape]!]
    const radius = reach * scale * side,
      colour = channels === 1 ? [255] : rgb(hue)
    const { cosine, sine } = direction(angle / 360)
    const across = width * (reach + x * (1 - 2 * reach)),
      down = height * (reach + y * (1 - 2 * reach))
    /** How many places of a pixel lie in the sprite. */
    const samplesIn = (left: number, top: number): number => {
      let within = 0
      for (let i = 0.5; i < samples; i++) {
        const up = (top - i / samples) / radius
        for (let j = 0.5; j < samples; j++) {
          const right = (left + j / samples) / radius
          if (inside(right * cosine + up * sine, up * cosine - right * sine)) within++
        }
      }
      return within
    }
    out.fill(0)
    const bottom = Math.min(height, Math.ceil(down + radius)),
      end = Math.min(width, Math.ceil(across + radius))
    for (let row = Math.max(0, Math.floor(down - radius)); row < bottom; row++) {
      for (let column = Math.max(0, Math.floor(across - radius)); column < end; column++) {
        const right = column + 0.5 - across,
          below = row + 0.5 - down
        const away = Math.sqrt(right * right + below * below)
        if (away > radius + halfDiagonal) continue
        const within = away < core * radius - halfDiagonal ? all : samplesIn(column - across, down - row)
        if (within === 0) continue
        const at = (row * width + column) * channels
        for (let c = 0; c < channels; c++) out[at + c] = Math.round((colour[c]! * within) / all)
      }
      // Large sprites take long.
      if (side > 256) yield
    }
  }
}

/** The colour of a hue in degrees, at full saturation and value; 0 to 255. */
function rgb(hue: number): number[] {
  const level = (turned: number): number => {
    const distance = Math.abs(((hue + turned) % 360) - 180)
    return 255 * Math.min(1, Math.max(0, distance / 60 - 1))
  }
  return [level(0), level(240), level(120)]
}
