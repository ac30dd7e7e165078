// Builds what the pages load from `node_modules`: the diagram viewer, and published files taken as
// they are. Writes their list for the server (manifest.json) and for people (docs/third-party.md).
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const dist = join(root, 'api/static/dist');
const modules = join(here, 'node_modules');
const font = '@fontsource-variable/atkinson-hyperlegible-next';

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, 'licences'), { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: ['src/viewer.js'],
  outdir: dist,
  bundle: true,
  minify: true,
  metafile: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none', // the licences are written out whole, below
  assetNames: 'assets/[name]-[hash]',
  loader: { '.woff2': 'file', '.svg': 'dataurl', '.woff': 'empty', '.ttf': 'empty', '.eot': 'empty' },
  logLevel: 'warning',
});

const published = {
  'htmx.min.js': 'htmx.org/dist/htmx.min.js',
  'atkinson-hyperlegible-next.woff2': `${font}/files/atkinson-hyperlegible-next-latin-wght-normal.woff2`,
};
for (const [name, source] of Object.entries(published)) copyFileSync(join(modules, source), join(dist, name));
// The tests use it and must not need node; it is not part of the product.
copyFileSync(join(modules, 'axe-core/axe.min.js'), join(root, 'tests/support/axe.min.js'));

const bundled = new Set(Object.keys(result.metafile.inputs).map(packageOf).filter(Boolean));
const packages = [...new Set([...bundled, font, 'htmx.org'])].sort();
for (const name of packages) {
  const licence = readdirSync(join(modules, name)).find((file) => /^licen[cs]e/i.test(file));
  copyFileSync(join(modules, name, licence), join(dist, 'licences', `${name.replace('@', '').replace('/', '-')}.txt`));
}

const manifest = {};
for (const path of walk(dist)) {
  const bytes = readFileSync(path);
  manifest[relative(dist, path)] = {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    raw: bytes.length,
    gz: gzipSync(bytes, { level: 9 }).length,
  };
}
writeFileSync(join(dist, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(join(root, 'docs/third-party.md'), thirdParty());

function* walk(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* walk(path);
    else yield path;
  }
}

function thirdParty() {
  const rows = packages.map((name) => {
    const { version, license } = JSON.parse(readFileSync(join(modules, name, 'package.json')));
    return `| ${name} | ${version} | ${license === 'SEE LICENSE IN LICENSE' ? 'bpmn.io licence' : license} |`;
  });
  const files = Object.entries(manifest)
    .filter(([name]) => !name.startsWith('licences/'))
    .map(([name, { sha256, raw, gz }]) => `| ${name} | ${raw} | ${gz} | \`${sha256}\` |`);
  return `# What the pages load that is not ours

Written by \`web/build.mjs\`; do not edit. The packages lie in \`api/static/dist\`, built or copied from the
locked versions of \`web/package-lock.json\`. Nothing is loaded from anywhere else, and nothing is sent anywhere.

The mark of bpmn.io in the corner of each diagram belongs to the licence of bpmn-js and is never covered.

| package | version | licence |
|---|---|---|
${rows.join('\n')}

The licences themselves are in \`api/static/dist/licences\`. \`axe-core\` (MPL-2.0) is used by the tests only.

| file | bytes | gzipped | SHA-256 |
|---|---|---|---|
${files.join('\n')}
`;
}

function packageOf(path) {
  const [, rest] = path.split('node_modules/');
  if (!rest) return null;
  const parts = rest.split('/');
  return parts[0].startsWith('@') ? `${parts[0]}/${parts[1]}` : parts[0];
}
