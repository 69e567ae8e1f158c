import { expect, it } from 'vitest';
import { readBlobSettings } from './settings.ts';

const CREDENTIALS = { MIOSA_BLOBS_ACCESS_KEY_ID: 'key', MIOSA_BLOBS_SECRET_ACCESS_KEY: 'secret' };
const read = (env: Record<string, string>) => {
  const mistakes: string[] = [];
  return { settings: readBlobSettings(env, mistakes), mistakes };
};

it('contents are files of this host unless said otherwise', () => {
  const files = { settings: { kind: 'fs', minFreeBytes: 512 * 2 ** 20 }, mistakes: [] };
  expect(read({})).toEqual(files);
  expect(read({ MIOSA_BLOBS: '' })).toEqual(files);
  expect(read({ MIOSA_BLOBS: 'fs', MIOSA_BLOBS_MIN_FREE_MIB: '0' }).settings).toEqual({ kind: 'fs', minFreeBytes: 0 });
});

it('a bucket is named by a URL, its credentials beside it', () => {
  const url = 's3://my-bucket/some/where/?endpoint=https%3A%2F%2Fs3.example.com%3A9000&region=eu-central-1&path_style=false';
  expect(read({ MIOSA_BLOBS: url, ...CREDENTIALS })).toEqual({
    settings: {
      ...{ kind: 's3', bucket: 'my-bucket', prefix: 'some/where', region: 'eu-central-1', forcePathStyle: false },
      ...{ endpoint: 'https://s3.example.com:9000', accessKeyId: 'key', secretAccessKey: 'secret' },
    },
    mistakes: [],
  });
  expect(read({ MIOSA_BLOBS: 's3://my-bucket', ...CREDENTIALS }).settings).toMatchObject({ region: 'us-east-1', forcePathStyle: false });
  const plain = read({ MIOSA_BLOBS: 's3://my-bucket?endpoint=http://localhost:9000', ...CREDENTIALS });
  expect(plain).toMatchObject({ settings: { endpoint: 'http://localhost:9000', forcePathStyle: true }, mistakes: [] });
});

it('all mistakes are told together, and no secret with them', () => {
  const { mistakes } = read({ MIOSA_BLOBS: 's3://me:s3cret@X/../?endpoint=ftp://s3cret&region=a b&path_style=s3cret&bucket=x' });
  expect(mistakes).toHaveLength(8);
  expect(mistakes.join()).not.toContain('s3cret');
});

it.each(['gs://bucket', 'S3://bucket', 's3:bucket', 'yes', 's3://', 's3://my-bucket/a%20b', 's3://my-bucket/a//b', 's3://bu$cket'])(
  'is refused: %s',
  (url) => {
    expect(read({ MIOSA_BLOBS: url, ...CREDENTIALS }).mistakes).not.toEqual([]);
  },
);
it('room that is no number is refused', () => expect(read({ MIOSA_BLOBS_MIN_FREE_MIB: '-1' }).mistakes).toHaveLength(1));
