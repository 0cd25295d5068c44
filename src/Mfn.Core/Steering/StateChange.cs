using System.Security.Cryptography;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Steering;

/// <summary>Something that changes how a simulation goes on, done between two of its steps.</summary>
public abstract record StateChange
{
    /// <summary>Whether it changes a field at once, and not only what follows.</summary>
    public abstract bool EditsFields { get; }

    /// <summary>All that keeps it from being applied to a simulation of the given spec; empty if nothing does.</summary>
    public abstract IReadOnlyList<SpecProblem> FindProblems(SimulationSpec spec);

    /// <summary>The spec of the simulation from then on.</summary>
    internal virtual SimulationSpec ApplyTo(SimulationSpec spec) => spec;

    /// <summary>The state of the simulation from then on.</summary>
    internal virtual SimulationState ApplyTo(SimulationState state, SimulationSpec spec) => state;

    /// <summary>Adds the number of the field that is changed, if it is not the first, which once was the only one.</summary>
    private protected static void AppendSpecies(IncrementalHash hash, int species)
    {
        if (species > 0)
        {
            hash.Append(species);
        }
    }

    /// <summary>Adds all that tells it from other changes to a hash.</summary>
    internal abstract void AppendTo(IncrementalHash hash);
}
