import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { machineNames, readVagrantfile } from '../../src/machines/vagrantfile';
import { isMade, isRunning, vagrantStatus } from '../../src/machines/vagrantStatus';
import { podmanBed } from '../bed/vagrant/vagrant';

const STATUS = `1700000000,web,metadata,provider,libvirt
1700000000,db,metadata,provider,libvirt
1700000000,web,provider-name,libvirt
1700000000,web,state,running
1700000000,web,state-human-short,running
1700000000,web,state-human-long,The Libvirt domain is running. To stop this machine%!(VAGRANT_COMMA) you can run\\n\`vagrant halt\`.
1700000000,db,provider-name,libvirt
1700000000,db,state,not_created
1700000000,db,state-human-short,not created
1700000000,,ui,info,Current machine states:\\n\\nweb running
`;

describe('the status that Vagrant tells', () => {
  it('is of each machine, with its provider', () => {
    assert.deepEqual(vagrantStatus.parse(STATUS), {
      kind: 'machines',
      machines: [
        { name: 'web', provider: 'libvirt', state: 'running', words: 'running' },
        { name: 'db', provider: 'libvirt', state: 'not_created', words: 'not created' },
      ],
    });
  });

  it('passes over what plugins and warnings print besides', () => {
    const noisy = `==> vagrant: A new version is out, get it\n${STATUS}Warning, web,state,broken\n`;
    const answer = vagrantStatus.parse(noisy);
    assert.deepEqual(answer, vagrantStatus.parse(STATUS));
  });

  it('is words where the provider tells none for people', () => {
    const answer = vagrantStatus.parse('1,default,state,power_off\n');
    assert.equal(answer.kind === 'machines' && answer.machines[0]?.words, 'power off');
  });

  it('is known trouble with advice', () => {
    const answer = vagrantStatus.parse(
      '1,,error-exit,Vagrant::Errors::NoDefaultProvider,No usable default provider could be found for your system.\\n\\nVagrant relies on…\n',
    );
    assert.ok(answer.kind === 'trouble');
    assert.match(answer.advice ?? '', /VAGRANT_DEFAULT_PROVIDER/);
  });

  it('is known trouble also where a comma and the end of a line are in its words', () => {
    const answer = vagrantStatus.parse(
      "1,,error-exit,X,The provider 'libvirt' could not be found%!(VAGRANT_COMMA) but was requested to\\nback the machine 'web'.\n",
    );
    assert.ok(answer.kind === 'trouble');
    assert.match(answer.advice ?? '', /vagrant plugin install/);
  });

  it("is unknown trouble in Vagrant's own first line", () => {
    const answer = vagrantStatus.parse(
      '1,,error-exit,X,Bad thing%!(VAGRANT_COMMA)\\nvery.\\n\\nMore.\n',
    );
    assert.deepEqual(answer, { kind: 'trouble', message: 'Bad thing, very.', advice: undefined });
  });

  it('is trouble where nothing can be read', () => {
    assert.equal(vagrantStatus.parse('').kind, 'trouble');
  });

  it('is read off a real Vagrant, as are the names that the text tells', async function () {
    this.timeout('2m');
    const bed = await podmanBed(new AbortController().signal);
    if ('missing' in bed) {
      console.warn(bed.missing);
      this.skip();
    }
    const directory = await mkdtemp(join(tmpdir(), 'ci-parity-status-'));
    try {
      const text = `Vagrant.configure('2') do |c|\n  c.vm.define 'web'\n  c.vm.define "db-#{ENV['N_O_N_E'] || 'dev'}"\nend\n`;
      await writeFile(join(directory, 'Vagrantfile'), text);
      const { command, args } = vagrantStatus;
      const env = { ...process.env, HOME: directory, ...bed.env };
      const { stdout } = await promisify(execFile)(command, args, { cwd: directory, env });
      const answer = vagrantStatus.parse(stdout);
      assert.ok(answer.kind === 'machines');
      assert.deepEqual(
        answer.machines.map(({ name, state }) => [name, state]),
        machineNames(readVagrantfile(text))?.map((name) => [name, 'not_created']),
      );
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('tells what can be entered and destroyed', () => {
    const at = (state: string) => ({ name: 'a', provider: undefined, state, words: state });
    assert.deepEqual([isRunning(at('running')), isMade(at('running'))], [true, true]);
    assert.deepEqual([isRunning(at('shutoff')), isMade(at('shutoff'))], [false, true]);
    assert.deepEqual([isRunning(at('not_created')), isMade(at('not_created'))], [false, false]);
  });
});
