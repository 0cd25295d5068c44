using Mfn.Core.Steering;

namespace Mfn.Server.Storage;

/// <summary>Tells the states of one run apart: what it is after so many steps and so many state-changing commands. Later states are greater.</summary>
internal readonly record struct RunPosition(int Step, long Revision) : IComparable<RunPosition>
{
    public static bool operator <(RunPosition left, RunPosition right) => left.CompareTo(right) < 0;

    public static bool operator >(RunPosition left, RunPosition right) => left.CompareTo(right) > 0;

    public static bool operator <=(RunPosition left, RunPosition right) => left.CompareTo(right) <= 0;

    public static bool operator >=(RunPosition left, RunPosition right) => left.CompareTo(right) >= 0;

    public static RunPosition Of(SimulationCheckpoint checkpoint) => new(checkpoint.State.Step, checkpoint.Revision);

    public int CompareTo(RunPosition other) =>
        Step != other.Step ? Step.CompareTo(other.Step) : Revision.CompareTo(other.Revision);
}
