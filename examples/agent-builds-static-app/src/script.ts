import type { Answer, Model, Turn } from './model.ts';

const PAGE = `export const page = ({ clinic, offer }) => \`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>\${clinic}</title>
<link rel="stylesheet" href="/style.css">
<main><h1>\${offer}</h1><p>A guide by \${clinic}, free of charge.</p><a href="/thanks">Send it to me</a></main></html>\`;
`;
const THANKS =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Thank you</title><link rel="stylesheet" href="/style.css"><main><h1>Thank you</h1></main></html>\n';
const STYLE = 'body { font: 18px/1.5 system-ui; background: #f3f8f7 } main { max-width: 40rem; margin: 10vh auto } a { color: #0a6b5d }\n';
const buildWith = (field: string): string => `import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { page } from './page.mjs';
const clinic = JSON.parse(readFileSync('clinic.json', 'utf8'));
if (clinic.${field} === undefined) throw new Error('clinic.json has no "${field}"');
mkdirSync('dist', { recursive: true });
writeFileSync('dist/index.html', page({ clinic: clinic.${field}, offer: clinic.offer }));
for (const file of ['thanks.html', 'style.css']) cpSync(file, 'dist/' + file);
`;

const say = (text: string, ...calls: readonly (readonly [string, Record<string, unknown>])[]): Turn => ({
  text,
  calls: calls.map(([name, args], n) => ({ id: `call_${n}`, name, args })),
});

/**
 * Stands for a model where there is none: the same turns each time. It makes a mistake, and goes on from the error that the sandbox really gives;
 * should that not come, it stops.
 */
export const createScriptedModel = (): Model => {
  let turn = 0;
  const result = (answers: readonly Answer[], name: string): string => answers.find(({ call }) => call.name === name)?.result ?? '';
  return async (answers) => {
    turn += 1;
    if (turn === 1)
      return say(
        'I write the page, its style and a build script, and build it.',
        [
          'write_files',
          {
            files: {
              'clinic.json': '{ "name": "Dr. Smith Clinic", "offer": "Five habits for healthy teeth" }\n',
              'page.mjs': PAGE,
              'thanks.html': THANKS,
              'style.css': STYLE,
              'build.mjs': buildWith('title'),
            },
          },
        ],
        ['run', { command: 'node build.mjs' }],
      );
    if (turn === 2) {
      if (!result(answers, 'run').includes('has no "title"'))
        throw new Error(`expected the build to fail, but it said: ${result(answers, 'run')}`);
      return say(
        'The build says that clinic.json has no "title": the field is called "name". I correct the script and build again.',
        ['write_files', { files: { 'build.mjs': buildWith('name') } }],
        ['run', { command: 'node build.mjs && ls dist' }],
      );
    }
    if (turn === 3) {
      if (!result(answers, 'run').endsWith('exit code 0')) throw new Error(`the build failed again: ${result(answers, 'run')}`);
      return say('Built. I look at the page before anybody else does.', ['preview', { folder: 'dist', path: '/' }]);
    }
    if (turn === 4) {
      if (!result(answers, 'preview').includes('Five habits'))
        throw new Error(`the preview is not as it should be: ${result(answers, 'preview')}`);
      return say('It shows what it should. I publish it.', ['publish', { name: 'Healthy teeth guide', folder: 'dist' }]);
    }
    return say('It is live.');
  };
};
