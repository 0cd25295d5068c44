using System.Collections.Immutable;
using System.Security.Cryptography;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Steering;

/// <summary>
/// A simulation that may be changed between two steps. What it is after any number of steps is a function of the spec, the initial fields and
/// the changes with their steps, to the bit. Not thread-safe.
/// </summary>
public sealed class SteeredSimulation : IDisposable
{
    /// <summary>Part of every identity: raised when the same spec no longer gives the same bits.</summary>
    public const string EngineVersion = "mfn-engine-1";

    private readonly StepHelpers? _helpers;

    /// <summary>A simulation at step 0 with its initial fields drawn.</summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public SteeredSimulation(SimulationSpec spec, StepHelpers? helpers = null)
        : this(new SimulationEngine(spec, helpers), 0, IdentityOf(spec, InitialFields.Drawn), helpers)
    {
    }

    /// <summary>A simulation at step 0, some of whose initial fields are the caller's.</summary>
    /// <exception cref="ArgumentException">The spec or the fields have problems; the message lists them all.</exception>
    public SteeredSimulation(SimulationSpec spec, InitialFields fields, StepHelpers? helpers = null)
        : this(spec, helpers)
    {
        ArgumentNullException.ThrowIfNull(fields);
        if (fields == InitialFields.Drawn)
        {
            return;
        }

        try
        {
            fields.FindProblems(spec).ThrowIfAny(nameof(fields));
            Replace(spec, fields.ApplyTo(Engine.Capture(), spec));
        }
        catch
        {
            Dispose();
            throw;
        }

        Identity = IdentityOf(spec, fields);
    }

    private SteeredSimulation(SimulationEngine engine, long revision, ImmutableArray<byte> identity, StepHelpers? helpers)
    {
        Engine = engine;
        Revision = revision;
        Identity = identity;
        _helpers = helpers;
    }

    /// <summary>The engine of the moment: another one after each change.</summary>
    public SimulationEngine Engine { get; private set; }

    /// <summary>What it simulates by now.</summary>
    public SimulationSpec Spec => Engine.Spec;

    /// <summary>Steps completed.</summary>
    public int Step => Engine.Step;

    /// <summary>Changes applied; with <see cref="Step"/> it tells the states of one simulation apart.</summary>
    public long Revision { get; private set; }

    /// <summary>
    /// SHA-256 over the engine's version, the spec, the caller's initial fields and each change with its step: equal for simulations that evolve
    /// alike. 32 bytes.
    /// </summary>
    public ImmutableArray<byte> Identity { get; private set; }

    /// <summary>A simulation that goes on from a checkpoint exactly as the one that it was captured from.</summary>
    /// <exception cref="ArgumentException">Spec and state do not fit; the message lists what is wrong.</exception>
    public static SteeredSimulation Restore(SimulationCheckpoint checkpoint, StepHelpers? helpers = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var engine = SimulationEngine.Restore(checkpoint.Spec, checkpoint.State, helpers);
        return new SteeredSimulation(engine, checkpoint.Revision, checkpoint.Identity, helpers);
    }

    /// <summary>A copy of all that decides how it goes on.</summary>
    public SimulationCheckpoint Capture() => new(Spec, Engine.Capture(), Revision, Identity);

    /// <summary>Takes the given number of steps; see <see cref="SimulationEngine.Advance"/>.</summary>
    public void Advance(int stepCount, CancellationToken cancellationToken = default) =>
        Engine.Advance(stepCount, cancellationToken: cancellationToken);

    /// <summary>Applies a change before the next step.</summary>
    /// <exception cref="ArgumentException">It has problems; the message lists them all, and nothing has changed.</exception>
    public void Apply(StateChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        change.FindProblems(Spec).ThrowIfAny(nameof(change));
        var spec = change.ApplyTo(Spec);
        Replace(spec, change.ApplyTo(Engine.Capture(), spec));
        Revision++;
        Identity = Extend(change);
    }

    /// <inheritdoc/>
    public void Dispose() => Engine.Dispose();

    private static ImmutableArray<byte> IdentityOf(SimulationSpec spec, InitialFields fields)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.ASCII.GetBytes(EngineVersion));
        hash.Append(spec);
        fields.AppendTo(hash);
        return [.. hash.GetHashAndReset()];
    }

    private ImmutableArray<byte> Extend(StateChange change)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Identity.AsSpan());
        hash.Append(Step);
        change.AppendTo(hash);
        return [.. hash.GetHashAndReset()];
    }

    private void Replace(SimulationSpec spec, SimulationState state)
    {
        var next = SimulationEngine.Restore(spec, state, _helpers);
        Engine.Dispose();
        Engine = next;
    }
}
