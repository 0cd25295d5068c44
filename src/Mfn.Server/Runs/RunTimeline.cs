using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>Compares what a run's log and its checkpoints say of the same history.</summary>
internal static class RunTimeline
{
    /// <summary>Makes sure that the log tells of everything that the checkpoints are states after, and that each of its commands follows from the one before.</summary>
    /// <exception cref="RunDamagedException">They contradict each other: one is older than the other, or of another history.</exception>
    public static void Require(StoredRun files, RunPosition initial, RunPast past)
    {
        var last = initial;

        // Of those before the initial state only the ids count: it was chosen by a repair.
        foreach (var (command, position) in past.Commands.SkipWhile(command => command.Position <= initial))
        {
            var revision = last.Revision + (command.Command is RunCommand.ChangeState ? 1 : 0);
            if (position.Revision != revision || position.Step < last.Step)
            {
                throw new RunDamagedException(
                    files.LogPath, $"has a command at step {position.Step}, revision {position.Revision} after step {last.Step}, revision {last.Revision}");
            }

            last = position;
        }

        var lastStep = Math.Max(Math.Max(past.Horizon, last.Step), past.End?.Step ?? 0);
        foreach (var checkpoint in files.Checkpoints)
        {
            if (checkpoint.Step > lastStep || checkpoint.Revision > last.Revision)
            {
                throw new RunDamagedException(
                    files.PathOf(checkpoint), $"is a later state than the log tells of, which ends at step {lastStep}, revision {last.Revision}");
            }

            if (checkpoint < initial || past.Commands.Any(command => IsContradicted(checkpoint, command)))
            {
                throw new RunDamagedException(files.PathOf(checkpoint), "is a state that the run, as its log tells, was never in");
            }
        }
    }

    /// <summary>Whether the run cannot have had the checkpoint's state before or after the command.</summary>
    private static bool IsContradicted(RunPosition checkpoint, (SteeringCommand Command, RunPosition Position) applied)
    {
        var (command, position) = applied;
        return checkpoint.Step > position.Step
            ? checkpoint.Revision < position.Revision
            : checkpoint.Step < position.Step && checkpoint.Revision > position.Revision - (command.Command is RunCommand.ChangeState ? 1 : 0);
    }
}
