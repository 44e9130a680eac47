// An independent judge: HL7's translator and engine for CQL, on FHIR people.
//
//   node judge.mjs MODULES translate LIBRARY.cql LIBRARY.json [LIBRARY.cql LIBRARY.json ...]
//   node judge.mjs MODULES execute LIBRARY.json < PEOPLE > VERDICTS
//
// MODULES is the folder that holds node_modules. PEOPLE is one JSON object a line: `bundle` (FHIR R4)
// and `parameters` (ISO dates, true and false). VERDICTS is one a line: the value of every definition
// that is true, false, null or text, by name. The last line counts people and processor seconds of execution.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [modules, task, ...files] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), 'here.js'));
const here = path.dirname(fileURLToPath(import.meta.url));

async function translate(files) {
  const load = (name) => import(
    pathToFileURL(path.join(path.resolve(modules), 'node_modules/@cqframework/cql', name)));
  const { SystemModelInfoProvider } = await load('cql.mjs');
  const { CqlTranslator, LibraryManager, ModelManager, createLibrarySourceProvider,
    createModelInfoProvider, createUcumService, stringAsSource } = await load('cql-to-elm.mjs');
  const fhir = path.join(path.dirname(require.resolve('cql-exec-fhir')),
    'modelInfos/fhir-modelinfo-4.0.1.xml');
  const read = (name) => stringAsSource(fs.readFileSync(name, 'utf8'));
  const models = new ModelManager();
  models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
  models.modelInfoLoader.registerModelInfoProvider(
    createModelInfoProvider((id) => (id === 'FHIR' ? read(fhir) : null)));
  // Exported libraries have no quantities but lengths of time in words.
  const same = (value) => value;
  const libraries = new LibraryManager(models, undefined, undefined,
    createUcumService(same, () => null, same, same));
  libraries.librarySourceLoader.registerProvider(createLibrarySourceProvider(
    (id) => (id === 'FHIRHelpers' ? read(path.join(here, 'FHIRHelpers.cql')) : null)));
  for (let n = 0; n < files.length; n += 2) {
    const translated = CqlTranslator.fromText(fs.readFileSync(files[n], 'utf8'), libraries);
    const faults = translated.exceptions.asJsReadonlyArrayView();
    for (const one of faults) console.error(`${files[n]}: ${one.severity?.name}: ${one.message}`);
    if (faults.some((one) => one.severity?.name === 'Error')) process.exitCode = 1;
    fs.writeFileSync(files[n + 1], translated.toJson());
  }
}

async function execute([file]) {
  const cql = require('cql-execution');
  const { PatientSource } = require('cql-exec-fhir');
  // Without positions in the source the engine does not keep the result of every subexpression.
  const json = JSON.parse(fs.readFileSync(file, 'utf8'),
    (key, value) => (['localId', 'locator', 'annotation'].includes(key) ? undefined : value));
  const compiled = new cql.Library(json, new cql.Repository({}));
  const source = PatientSource.FHIRv401();
  source.loadBundles([{ entry: [{ resource: { resourceType: 'Patient' } }] }]);
  remember(source.currentPatient());
  source.reset();
  const plain = (value) => value === null || ['boolean', 'string'].includes(typeof value);
  let people = 0;
  let seconds = 0;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { bundle, parameters } = JSON.parse(line);
    const given = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [
      name, typeof value === 'string' ? cql.Date.parse(value) : value]));
    const begun = process.cpuUsage();
    source.loadBundles([bundle]);
    const executor = new cql.Executor(compiled, null, given);
    const { patientResults } = await executor.exec(source);
    const spent = process.cpuUsage(begun);
    seconds += (spent.user + spent.system) / 1e6;
    people += 1;
    source.reset();
    const [[person, results]] = Object.entries(patientResults);
    const verdicts = Object.fromEntries(Object.entries(results).filter(([, one]) => plain(one)));
    process.stdout.write(`${JSON.stringify({ person, verdicts })}\n`);
  }
  process.stdout.write(`${JSON.stringify({ people, seconds })}\n`);
}

// Let each FHIR object give each of its parts, and its codes, only once: cql-exec-fhir builds them
// anew each time they are asked for, which takes nine tenths of the time and changes nothing.
function remember(some) {
  const kind = Object.getPrototypeOf(some);
  for (const method of ['get', 'getCode', 'findRecords']) {
    for (let of = kind; of; of = Object.getPrototypeOf(of)) {
      if (Object.hasOwn(of, method)) once(of, method);
    }
  }
}

function once(kind, method) {
  const compute = kind[method];
  const known = new WeakMap();
  kind[method] = function remembered(asked, ...more) {
    if (!known.has(this)) known.set(this, new Map());
    const parts = known.get(this);
    if (!parts.has(asked)) parts.set(asked, compute.call(this, asked, ...more));
    return parts.get(asked);
  };
}

await { translate, execute }[task](files);
