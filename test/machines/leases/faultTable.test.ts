/**
 * What may go wrong with a borrowed machine, and what it comes to: the real program, real machines, and a
 * double of the API that lends them. At the end of each row its books are empty, and the ledger is.
 */
import { rowsOf } from '../../bed/borrowing/rows';
import { needSshd } from '../../bed/sshd';
import { answers } from './faults/answers';
import { clocks } from './faults/clocks';
import { disks } from './faults/disks';
import { killed } from './faults/killed';
import { network } from './faults/network';
import { windows } from './faults/windows';

describe('A borrowed machine', function () {
  this.timeout(180_000);
  before(needSshd);
  // The longest first.
  rowsOf([...network, ...clocks, ...killed, ...answers, ...windows, ...disks], 6);
});
