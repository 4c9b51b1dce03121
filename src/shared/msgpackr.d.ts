// The package's `exports` gives this entry no types.
declare module 'msgpackr/index-no-eval' {
  export { Packr } from 'msgpackr'
}
