namespace Mfn.Server.Configuration;

/// <summary>
/// Something outside of the server that it follows while it runs: since when what is in force is so, and what is wrong with what came after it. Thread-safe.
/// </summary>
internal sealed class FollowedInput
{
    private readonly TimeProvider _clock;
    private volatile State _state;
    private readonly TimeSpan _notice;

    internal FollowedInput(string name, TimeSpan notice, TimeProvider clock) => (Name, _notice, _clock, _state) = (name, notice, clock, new State(clock.GetUtcNow(), clock.GetUtcNow(), null, null, null));

    /// <summary>What it is: the setting that names it, as in docs/configuration.md.</summary>
    public string Name { get; }

    /// <summary>When what is in force was taken.</summary>
    public DateTimeOffset InForceSince => _state.InForceSince;

    /// <summary>When what is in force was last found where it comes from, and good.</summary>
    public DateTimeOffset LastGood => _state.LastGood;

    /// <summary>When what is in force stops being good, or should have been replaced; null if it says nothing of it.</summary>
    public DateTimeOffset? Expires => _state.Expires;

    /// <summary>Why the newest cannot be used, to be said behind its name, without any secret; null if the newest is in force.</summary>
    public string? Problem => _state.Problem;

    /// <summary>Since when the newest cannot be used; null if it is in force.</summary>
    public DateTimeOffset? FailingSince => _state.FailingSince;

    /// <summary>What somebody should see to, in sentences; null while all is well.</summary>
    public string? Note
    {
        get
        {
            var state = _state;
            var now = _clock.GetUtcNow();
            var failure = state.Problem is null ? "" : $"It {state.Problem.TrimEnd('.')}. What has been in force since {state.InForceSince:u} still is.";
            var age = state.Expires - _notice <= now ? $"What is in force {(state.Expires <= now ? "was" : "is")} good until {state.Expires:u}." : "";
            return failure.Length + age.Length == 0 ? null : string.Join(' ', new[] { failure, age }.Where(sentence => sentence.Length > 0));
        }
    }

    /// <summary>The newest is in force.</summary>
    /// <param name="expires">When it stops being good, or should have been replaced; null if it says nothing of it.</param>
    public void Take(DateTimeOffset? expires = null) => _state = new State(_clock.GetUtcNow(), _clock.GetUtcNow(), expires, null, null);

    /// <summary>The newest is what is in force already: nothing is wrong with it any more.</summary>
    public void Confirm() => _state = _state with { LastGood = _clock.GetUtcNow(), Problem = null, FailingSince = null };

    /// <summary>The newest cannot be used; whether that is news.</summary>
    public bool Fail(string problem)
    {
        var state = _state;
        _state = state with { Problem = problem, FailingSince = state.FailingSince ?? _clock.GetUtcNow() };
        return problem != state.Problem;
    }

    private sealed record State(DateTimeOffset InForceSince, DateTimeOffset LastGood, DateTimeOffset? Expires, string? Problem, DateTimeOffset? FailingSince);
}
