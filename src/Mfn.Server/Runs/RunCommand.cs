using Mfn.Core.Steering;

namespace Mfn.Server.Runs;

/// <summary>Something to do to a run between two steps.</summary>
internal abstract record RunCommand
{
    private RunCommand()
    {
    }

    /// <summary>Takes no more steps.</summary>
    public sealed record Pause : RunCommand;

    /// <summary>Takes so many steps a second at most; null for as fast as possible.</summary>
    public sealed record SetPace(double? StepsPerSecond) : RunCommand;

    /// <summary>Takes steps again.</summary>
    public sealed record Resume : RunCommand;

    /// <summary>Takes so many steps, then pauses.</summary>
    public sealed record TakeSteps(int Count) : RunCommand;

    /// <summary>Keeps the state.</summary>
    public sealed record KeepCheckpoint : RunCommand;

    /// <summary>Changes how the simulation goes on.</summary>
    public sealed record ChangeState(StateChange Change) : RunCommand;
}
