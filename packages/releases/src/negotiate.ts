import { ENCODINGS } from './file-table.ts';

/** What a visitor weighs each encoding with, in the order of `ENCODINGS`; 0 = refused. */
export type Weights = readonly number[];

/** Any of the compressed ones is better than nothing said about `identity` (RFC 9110 §12.5.3). */
const UNSAID_IDENTITY = 0.0001;
const WEIGHT = /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/;

const weightOf = (parameters: readonly string[]): number => {
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=', 2);
    if (name.trim().toLowerCase() === 'q') return WEIGHT.test(value.trim()) ? Number(value) : 0;
  }
  return 1;
};

/** Reads an `Accept-Encoding`. What cannot be read accepts nothing, so that nobody is sent bytes they did not ask for. */
export const readWeights = (header: string | undefined): Weights => {
  const said = new Map<string, number>();
  for (const item of (header ?? '').split(',')) {
    const [name = '', ...parameters] = item.split(';');
    const coding = name.trim().toLowerCase();
    if (coding !== '') said.set(coding === 'x-gzip' ? 'gzip' : coding, weightOf(parameters));
  }
  const any = said.get('*');
  return ENCODINGS.map((encoding) => {
    const own = said.get(encoding);
    if (own !== undefined) return own;
    return encoding === 'identity' ? (any === 0 ? 0 : UNSAID_IDENTITY) : (any ?? 0);
  });
};

/**
 * The form to send: the one weighed highest, of equals the smallest. Where a visitor refuses all there is, the plain bytes, which RFC 9110
 * §12.5.3 allows and which serve everybody better than an error.
 */
export const chooseForm = (weights: Weights, sizeOf: (encoding: number) => number): number => {
  let [best, bestWeight, bestSize] = [0, 0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < ENCODINGS.length; i++) {
    const [size, weight] = [sizeOf(i), weights[i] ?? 0];
    if (size < 0 || weight === 0 || weight < bestWeight || (weight === bestWeight && size >= bestSize)) continue;
    [best, bestWeight, bestSize] = [i, weight, size];
  }
  return best;
};
