import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { contractSpec } from '@miosa/runtime/contract';
import { agentRequest, execInside, launchRunner, type RunnerProcess, requirements } from '@miosa/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BUSYBOX = '/bin/busybox';
const has = (command: string) => spawnSync(command, ['--version']).error === undefined;
const missing = [
  ...requirements(),
  ...['skopeo', 'umoci'].filter((command) => !has(command)),
  ...(existsSync(BUSYBOX) ? [] : ['busybox-static']),
];
if (missing.length > 0) it.skip(`images are not imported here: it needs ${missing.join(', ')}`, () => {});

const MAIN = join(import.meta.dirname, '../../../templates/import/main.ts');

describe.skipIf(missing.length > 0)('a template of an OCI image', () => {
  const folder = mkdtempSync('/var/tmp/miosa-images-');
  const cache = join(folder, 'cache');
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' });
  const importing = (data: string, ...args: string[]) => {
    const { PATH } = process.env;
    const env = { PATH, MIOSA_CACHE: cache, MIOSA_DATA: data };
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args, '--json'], { encoding: 'utf8', cwd: folder, env });
    return { status, stderr, result: status === 0 ? JSON.parse(stdout) : undefined };
  };
  const filesOf = (slug: string) => join(cache, 'templates', slug, 'current/rootfs');
  const leftovers = (slug: string) => (existsSync(join(cache, 'templates', slug)) ? readdirSync(join(cache, 'templates', slug)) : []);

  /** An image of one layer for each program in Python's words, which name any entry that a tar archive can have. */
  const image = (name: string, ...layers: string[]): string => {
    const at = join(folder, name);
    mkdirSync(join(at, 'blobs/sha256'), { recursive: true });
    const blob = (bytes: Buffer, mediaType: string) => {
      const hash = createHash('sha256').update(bytes).digest('hex');
      writeFileSync(join(at, 'blobs/sha256', hash), bytes);
      return { mediaType, digest: `sha256:${hash}`, size: bytes.length };
    };
    const json = (value: unknown, type: string) => blob(Buffer.from(JSON.stringify(value)), `application/vnd.oci.image.${type}+json`);
    const made = layers.map((program, index) => {
      const tar = join(folder, `${name}-${index}.tar`);
      const start =
        'import tarfile,io,sys\nt=tarfile.open(sys.argv[1],"w",format=tarfile.PAX_FORMAT)\n' +
        'def add(name,type=tarfile.REGTYPE,link="",data=b"",**more):\n' +
        ' i=tarfile.TarInfo(name);i.type=type;i.linkname=link;i.size=len(data)\n' +
        ' for k,v in more.items(): setattr(i,k,v)\n t.addfile(i,io.BytesIO(data))\n';
      run('python3', '-c', `${start}${program}\nt.close()`, tar);
      const bytes = readFileSync(tar);
      return {
        diffId: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
        ...blob(bytes, 'application/vnd.oci.image.layer.v1.tar'),
      };
    });
    const rootfs = { type: 'layers', diff_ids: made.map(({ diffId }) => diffId) };
    const config = json({ architecture: 'amd64', os: 'linux', config: { Env: ["GREETING=it's me"] }, rootfs }, 'config.v1');
    const described = made.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
    const manifest = json({ schemaVersion: 2, config, layers: described }, 'manifest.v1');
    const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
    writeFileSync(join(at, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(at, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
    return `oci:${at}:v1`;
  };

  const busybox = (): string => {
    const [layout, bundle] = [join(folder, 'busybox'), join(folder, 'bundle')];
    run('umoci', 'init', '--layout', layout);
    run('umoci', 'new', '--image', `${layout}:v1`);
    run('umoci', 'unpack', '--image', `${layout}:v1`, bundle);
    mkdirSync(join(bundle, 'rootfs/bin'));
    copyFileSync(BUSYBOX, join(bundle, 'rootfs/bin/busybox'));
    for (const name of ['sh', 'cat', 'id', 'ls', 'printenv']) symlinkSync('busybox', join(bundle, 'rootfs/bin', name));
    chmodSync(join(bundle, 'rootfs/bin/busybox'), 0o4755);
    run('umoci', 'repack', '--image', `${layout}:v1`, bundle);
    run('umoci', 'config', '--image', `${layout}:v1`, '--config.env', "GREETING=it's me");
    return `oci:${layout}:v1`;
  };

  let runner: RunnerProcess;
  beforeAll(async () => {
    runner = await launchRunner('/var/tmp', { MIOSA_CACHE: cache });
  });
  afterAll(async () => {
    await runner.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes sandboxes at once, and goes only when none needs it any more', async () => {
    const { status, stderr, result } = importing(runner.dataDir, 'busybox', busybox(), '--reference', 'registry.example.com/busybox:1');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(result).toMatchObject({ slug: 'busybox', image: 'registry.example.com/busybox:1', digest: expect.stringMatching(/^sha256:/) });
    expect(lstatSync(join(filesOf('busybox'), 'bin/busybox')).mode & 0o7777).toBe(0o755);
    expect(await runner.runtime.capabilities()).toMatchObject({
      templates: ['busybox'],
      images: { 'registry.example.com/busybox:1': 'busybox' },
    });
    const { id, endpoint } = await runner.runtime.create(contractSpec({ templateId: 'busybox' }));
    if (endpoint === null) throw new Error('no agent');
    const answer = await execInside(endpoint, 'id -un; pwd; echo "$GREETING" > note; cat note');
    expect(answer).toMatchObject({ exitCode: 0, stdout: "sandbox\n/workspace\nit's me\n" });
    const file = await agentRequest(endpoint, 'GET', '/files/stat?path=note');
    expect(file).toMatchObject({ status: 200 });
    expect(importing(runner.dataDir, 'busybox', '--rm')).toMatchObject({ status: 1, stderr: expect.stringContaining(id) });
    await runner.runtime.destroy(id);
    expect(importing(runner.dataDir, 'busybox', '--rm')).toMatchObject({ status: 0 });
    expect(leftovers('busybox')).toEqual([]);
  });

  it('serves without a shell', async () => {
    const source = image('scratch', `add("busybox",data=open("${BUSYBOX}","rb").read(),mode=0o755)`);
    expect(importing(runner.dataDir, 'scratch', source)).toMatchObject({ status: 0, stderr: '' });
    const { id, endpoint } = await runner.runtime.create(contractSpec({ templateId: 'scratch' }));
    if (endpoint === null) throw new Error('no agent');
    expect(await execInside(endpoint, ['/busybox', 'echo', 'hi'])).toMatchObject({ exitCode: 0, stdout: 'hi\n' });
    await runner.runtime.destroy(id);
  });

  it('writes nothing outside its folder, whatever names and links its layers have', () => {
    const victim = join(folder, 'victim');
    mkdirSync(victim);
    const source = image(
      'escapes',
      `add("out",type=tarfile.SYMTYPE,link="${victim}")
add("out/through-link",data=b"x")
add("../../../../../../..${victim}/by-dots",data=b"x")
add("${victim}/by-name",data=b"x")
add("etc",type=tarfile.SYMTYPE,link="${victim}")
add("home",type=tarfile.SYMTYPE,link="/../../../..${victim}")
add("workspace",type=tarfile.SYMTYPE,link="..${victim}")
add("hard",type=tarfile.REGTYPE,data=b"x")`,
      `add("out",type=tarfile.SYMTYPE,link="${victim}")
add("out/.wh..wh..opq")
add("out/second",data=b"x")`,
    );
    expect(importing(runner.dataDir, 'escapes', source)).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(victim)).toEqual([]);
    expect(lstatSync(join(filesOf('escapes'), victim, 'sandbox')).uid).toBe(1000);
    expect(existsSync(join(filesOf('escapes'), victim, 'passwd'))).toBe(true);
  });

  it('has no device, pipe, set-id bit or attribute of an overlay', () => {
    const source = image(
      'devices',
      `add("disk",type=tarfile.BLKTYPE,devmajor=8,devminor=0)
add("whiteout",type=tarfile.CHRTYPE,devmajor=0,devminor=0)
add("pipe",type=tarfile.FIFOTYPE)
add("suid",data=b"x",mode=0o6755)
add("cap",data=b"x",mode=0o755,pax_headers={"SCHILY.xattr.security.capability":"\\x01\\x00\\x00\\x02\\x00\\x20\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"})
add("attr",data=b"x",pax_headers={"SCHILY.xattr.user.overlay.metacopy":"y"})`,
    );
    expect(importing(runner.dataDir, 'devices', source)).toMatchObject({ status: 0, stderr: '', result: { dropped: 3 } });
    const files = filesOf('devices');
    expect(['disk', 'whiteout', 'pipe'].filter((name) => existsSync(join(files, name)))).toEqual([]);
    expect(lstatSync(join(files, 'suid')).mode & 0o7000).toBe(0);
    const attributes = 'import os,sys\nfor n in sys.argv[1:]: print(*os.listxattr(n))';
    expect(run('python3', '-c', attributes, join(files, 'cap'), join(files, 'attr')).trim()).toBe('');
  });

  it.each([
    ['more bytes than allowed', 'add("big",data=b"\\1"*200*2**20)', '--max-size', '--max-size=0.02'],
    [
      'a hole of a terabyte',
      'add("hole",pax_headers={"GNU.sparse.major":"1","GNU.sparse.minor":"0","GNU.sparse.name":"hole","GNU.sparse.realsize":str(2**40)},data=b"1\\n0\\n0\\n".ljust(512,b"\\0"))',
      'could not be unpacked',
      '--max-size=0.02',
    ],
    ['more entries than allowed', 'for n in range(40000): add("d/%d"%n)', '--max-entries', '--max-entries=1000'],
    ['an owner that no sandbox has', 'add("far",uid=70000)', 'far', '--max-size=1'],
  ])('is refused with %s, and nothing is left', (what, program, words, limit) => {
    const slug = what.replaceAll(' ', '-');
    const { status, stderr } = importing(runner.dataDir, slug, image(slug, program), limit);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(words) });
    expect(leftovers(slug)).toEqual([]);
    expect(run('losetup', '--list', '--noheadings', '--output', 'BACK-FILE')).not.toContain(folder);
  });

  it.each([
    ['miosa-sandbox', 'oci:busybox'],
    ['Upper', 'oci:busybox'],
    ['ok', 'dir:/etc'],
    ['ok', 'docker://--help'],
    ['ok', 'oci:/nowhere'],
  ])('is not made as %s from %s', (slug, source) => {
    mkdirSync(join(folder, 'busybox'), { recursive: true });
    expect(importing(runner.dataDir, slug, source)).toMatchObject({ status: 1, stderr: expect.stringMatching(/^miosa: /) });
    expect(leftovers(slug)).toEqual([]);
  });
});
