using System.Collections;
using Mfn.Server.Secrets;

namespace Mfn.Server.Configuration;

/// <summary>All that a server follows while it runs: files, issuers and stores of secrets. Thread-safe.</summary>
/// <param name="clock">Tells the time.</param>
/// <param name="secrets">Reads files and references; null for one that knows no others than files.</param>
internal sealed class FollowedInputs(TimeProvider clock, SecretStore? secrets = null)
{
    private readonly Lock _lock = new();
    private readonly List<FollowedInput> _all = [];

    /// <summary>Tells the time, and when to look.</summary>
    public TimeProvider Clock => clock;

    /// <summary>Reads files and references.</summary>
    public SecretStore Secrets { get; } = secrets ?? SecretStore.OfThisMachine(new Hashtable());

    /// <summary>Each of them.</summary>
    public IReadOnlyList<FollowedInput> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>One more; what is in force of it is so from now on.</summary>
    /// <param name="name">What it is: the setting that names it.</param>
    /// <param name="notice">How long before it stops being good somebody should know.</param>
    public FollowedInput Add(string name, TimeSpan notice = default)
    {
        var input = new FollowedInput(name, notice, clock);
        lock (_lock)
        {
            _all.Add(input);
        }

        return input;
    }

    /// <summary>One less.</summary>
    public void Remove(FollowedInput input)
    {
        lock (_lock)
        {
            _all.Remove(input);
        }
    }
}
