import assert from 'node:assert/strict';
import { join } from 'node:path';
import { enter, leaseOf, thisProcess, whoWeAre } from '../../src/machines/leases/ledger';
import { wishesFor } from '../../src/reproduce/ready';
import { standInPackages } from '../bed/packages';
import { needSshd, startSshd, type Sshd } from '../bed/sshd';
import { addressOf } from '../machines/ssh/far';
import { openWorkshop, printed, type Person, type Workshop } from './workshop';

const LEASE = 'abcdef012345';
const VAGRANTFILE = `Vagrant.configure("2") do |config|
  config.vagrant.plugins = "vagrant-reload"
  config.vm.provider :libvirt
end
`;
const PIPELINE = "node { checkout scm\n sh 'command -v vagrant' }\n";

describe('Another machine, before a reproduction on it', function () {
  this.timeout('2m');
  let shop: Workshop;
  let root: string;
  before(needSshd);
  beforeEach(() => {
    shop = openWorkshop();
    root = join(shop.root, 'state', 'ci-parity');
  });
  afterEach(() => shop[Symbol.dispose]());

  const lend = (host: Sshd, mayInstall: boolean) => {
    const soon = Date.now() + 3_600_000;
    return enter(root, {
      version: 1,
      ...{ id: LEASE, state: { kind: 'lent', ssh: addressOf(host) }, mayInstall, work: [] },
      ...{ lender: 'lab', title: 'bench', handle: {}, askedAt: Date.now(), end: soon, until: soon },
      owner: { who: whoWeAre(), process: thisProcess() },
    });
  };
  const run = (person: Person = {}) =>
    shop.run(PIPELINE, { ...person, recipe: (recipe) => ({ ...recipe, on: { lease: LEASE } }) });
  const asked = async (host: Sshd) =>
    (await host.inside('cat /root/asked 2> /dev/null; true'))
      .split('\n')
      .flatMap((line) => / install (.+)$/.exec(line)?.[1] ?? []);

  it("gets what the commit needs, and what the project's own script brings, and is ready at once the next time", async () => {
    await using host = await startSshd({ firstBoot: standInPackages() });
    await lend(host, true);
    const hook = 'echo "hook on $(hostname > /dev/null; id -un)"\n';
    shop.commit({ Vagrantfile: VAGRANTFILE, '.ci-parity/bootstrap.sh': hook });
    const first = await run();
    assert.equal(first.verdict.kind, 'passed', first.said + first.output);
    assert.match(
      first.said,
      new RegExp(
        `^making ${LEASE} ready: it lacks rsync, virsh, vagrant, what .ci-parity/bootstrap.sh installs$`,
        'm',
      ),
    );
    assert.deepEqual(await asked(host), [
      'rsync',
      'libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils dnsmasq-base',
      'vagrant vagrant-libvirt',
      'vagrant-reload',
    ]);
    // As it comes, to the terminal.
    const [ready, hooked] = ['ci-parity: ready\n', 'hook on root\n'].map((line) =>
      first.output.indexOf(line),
    );
    assert.ok(ready !== undefined && hooked !== undefined && ready > 0 && hooked > ready);
    assert.equal(leaseOf(root, LEASE).state.kind, 'ready');

    const second = await run();
    assert.deepEqual(printed(second.output), ['/usr/local/bin/vagrant']);
    assert.doesNotMatch(second.said, /ready/);
    assert.equal((await asked(host)).length, 4);
    // A commit that needs more gets that.
    shop.commit({
      Vagrantfile: VAGRANTFILE.replace('"vagrant-reload"', '%w[vagrant-reload more]'),
    });
    await run();
    assert.deepEqual((await asked(host)).slice(4), ['more']);
  });

  it('gets nothing without leave where it is only lent to us, or named', async () => {
    await using host = await startSshd({ firstBoot: standInPackages() });
    await lend(host, false);
    shop.commit({ Vagrantfile: VAGRANTFILE });
    const questions: string[] = [];
    const answering = (answer: string | undefined): Person => ({
      answer: (question) => {
        questions.push(question);
        return answer;
      },
    });
    for (const answer of [undefined, 'n']) {
      const { verdict, said } = await run(answering(answer));
      assert.match(said, /^nothing is installed on \w+, which lacks rsync, virsh, vagrant$/m);
      assert.match(verdict.sentence, /Vagrant is not on/);
    }
    assert.deepEqual([await asked(host), leaseOf(root, LEASE).state.kind], [[], 'lent']);
    const agreed = await run(answering('y'));
    assert.equal(agreed.verdict.kind, 'passed', agreed.said);
    assert.equal(leaseOf(root, LEASE).state.kind, 'ready');
    assert.deepEqual(
      [...new Set(questions)],
      [`${LEASE} lacks rsync, virsh, vagrant. Install it there? [y/N] `],
    );
    await run(answering('n'));
    assert.equal(questions.length, 3, 'what has all is not asked about');
  });

  it('is said to lack what its system does not have, with what to do', async () => {
    await using host = await startSshd({ firstBoot: standInPackages({ without: 'vagrant' }) });
    await lend(host, true);
    shop.commit({ Vagrantfile: VAGRANTFILE });
    const { said, output, verdict } = await run();
    assert.match(output, /vagrant vagrant-libvirt could not be installed/);
    assert.match(said, new RegExp(`^${LEASE} still lacks vagrant.*bootstrap\\.sh`, 'm'));
    assert.match(verdict.sentence, /Vagrant is not on/);
    assert.equal(leaseOf(root, LEASE).state.kind, 'lent');
  });

  it('gets Podman where the Jenkinsfile runs steps in containers', async () => {
    const hidden = 'rm -f /usr/bin/docker /usr/local/bin/docker /usr/bin/podman\n';
    await using host = await startSshd({ firstBoot: hidden + standInPackages() });
    await lend(host, true);
    const { said } = await shop.run("node { docker.image('x:1').inside { sh 'true' } }\n", {
      recipe: (recipe) => ({ ...recipe, on: { lease: LEASE } }),
    });
    assert.match(said, /ready: it lacks rsync, docker or podman$/m);
    assert.deepEqual(await asked(host), ['rsync', 'podman uidmap slirp4netns']);
  });

  it("is not used where the project's own script fails", async () => {
    await using host = await startSshd({ firstBoot: standInPackages() });
    await lend(host, true);
    shop.commit({ '.ci-parity/bootstrap.sh': '#!/bin/sh\necho no room >&2\nexit 3\n' });
    const { output, verdict } = await run();
    assert.match(output, /^no room$/m);
    assert.match(verdict.sentence, /could not be made ready \(exit code 3\)/);
    assert.deepEqual(await asked(host), ['rsync'], 'no Vagrant where there is no Vagrantfile');
  });
});

describe('What a commit wants of a machine', () => {
  const providers = (vagrantfile: string | undefined, environment = {}) =>
    wishesFor(vagrantfile, false, environment).map(({ provider }) => provider);

  it('is Vagrant with the provider that it has settings for, or that the environment names', () => {
    assert.deepEqual(providers(undefined), ['none']);
    assert.deepEqual(providers(''), ['libvirt', 'virtualbox']);
    const both = 'c.vm.provider :virtualbox\nc.vm.provider "libvirt"';
    assert.deepEqual(providers(both), ['libvirt', 'virtualbox']);
    assert.deepEqual(providers(both, { VAGRANT_DEFAULT_PROVIDER: 'virtualbox' }), ['virtualbox']);
    assert.deepEqual(providers('c.vm.provider "docker"'), ['other']);
  });
});
