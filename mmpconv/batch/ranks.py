"""A batch that several processes fill, started by torchrun or srun: each its share, and the first one sums up."""
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from mmpconv.errors import LaunchError

from .report import Outcome

_LAUNCH = timedelta(minutes=10)  # for all processes to begin
_WORK = timedelta(days=30)  # for the slowest of them to end, after the first has


@dataclass(frozen=True)
class Share:
    """The part of one process in a batch.

    Attributes:
        rank: Its number, from 0 on. size: Number of processes. local_rank: Its number on its machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @classmethod
    def of_environment(cls) -> 'Share':
        """What torchrun, or srun, says to each of the processes that it starts; all of the batch for any other."""
        of = os.environ.get
        numbers = of('RANK'), of('WORLD_SIZE'), of('LOCAL_RANK')
        if 'RANK' not in os.environ and 'SLURM_STEP_ID' in os.environ:  # a script of sbatch itself is no step of srun
            numbers = of('SLURM_PROCID'), of('SLURM_STEP_NUM_TASKS', of('SLURM_NTASKS')), of('SLURM_LOCALID')
        return cls(*map(int, numbers)) if None not in numbers else cls()

    @property
    def name(self) -> str:
        """How messages of this process begin."""
        return f'process {self.rank} of {self.size}: ' if self.size > 1 else ''

    def of(self, jobs: Sequence) -> Sequence:
        """Every ``size``-th job: neighbours are often of one size."""
        return jobs[self.rank::self.size]

    def device(self, name: str) -> str:
        """A GPU of its own for each process on a machine, where any may be taken."""
        if self.size == 1 or name not in ('auto', 'cuda'):
            return name
        import torch

        return f'cuda:{self.local_rank % torch.cuda.device_count()}' if torch.cuda.is_available() else name

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Connect the processes for :meth:`collect`, by torch.distributed and gloo.

        Raises:
            LaunchError: They do not find each other.
        """
        if self.size == 1:
            yield
            return
        import torch.distributed as dist

        from mmpconv.engine.machine import name_as_torch_does

        if 'RANK' not in os.environ:
            name_as_torch_does('slurm')
            os.environ['WORLD_SIZE'] = str(self.size)
        try:
            store, rank, size = next(dist.rendezvous('env://', timeout=_LAUNCH))
            dist.init_process_group('gloo', store=store, rank=rank, world_size=size, timeout=_WORK)
        except (RuntimeError, ValueError) as error:
            raise LaunchError(f'the {self.size} processes of this batch do not find each other ({error}); start them '
                              'by torchrun or srun') from error
        try:
            yield
        finally:
            dist.destroy_process_group()

    def collect(self, outcome: Outcome) -> list[int]:
        """Add to the outcome of the first process those of all others.

        Returns:
            list[int]: Processes that ended without telling theirs.

        Raises:
            LaunchError: The first process is gone, so that nobody sums up.
        """
        if self.size == 1:
            return []
        import torch.distributed as dist

        if self.rank:
            try:
                dist.send_object_list([outcome], dst=0)
            except RuntimeError as error:
                raise LaunchError(f'process 0 of this batch has ended; process {self.rank} has filled {outcome.filled} '
                                  'photos, and the same command with --resume does what is left') from error
            return []
        gone = []
        for rank in range(1, self.size):
            received = [None]
            try:
                dist.recv_object_list(received, src=rank)
            except RuntimeError:  # the connection is closed
                gone.append(rank)
            else:
                outcome.add(received[0])
        return gone
