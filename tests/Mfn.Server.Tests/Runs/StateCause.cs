namespace Mfn.Server.Tests.Runs;

/// <summary>What led to a state.</summary>
internal enum StateCause
{
    /// <summary>The run took a step, or began.</summary>
    Step,

    /// <summary>A command edited the potential.</summary>
    Edit,

    /// <summary>A command changed what the next steps do, and no cell.</summary>
    Parameters,
}
