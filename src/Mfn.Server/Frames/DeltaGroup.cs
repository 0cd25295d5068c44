namespace Mfn.Server.Frames;

/// <summary>The frames of one encoding, window and plan: each builds on the one before. Not thread-safe.</summary>
internal sealed class DeltaGroup(DeltaPlan plan, int cellSize)
{
    private SharedPayload? _latest;
    private int _step;
    private long _revision;
    private Entry? _delta;

    /// <summary>A delta and what it builds on.</summary>
    internal readonly record struct Entry(int BaseStep, long BaseRevision, SharedPayload Payload);

    /// <summary>The delta that leads to a frame, or none for a key frame and where there is no frame before. Valid until the next call.</summary>
    public Entry? Advance(int step, long revision, SharedPayload snapshot, DifferenceCompressor compressor)
    {
        if (_latest is not null && step == _step && revision == _revision)
        {
            return _delta;
        }

        ForgetIfStale(step, revision);
        _delta?.Payload.Release();
        _delta = _latest is null || plan.IsKeyFrame(step)
            ? null
            : new Entry(_step, _revision, new SharedPayload(compressor.Compress(snapshot.Bytes.Span, _latest.Bytes.Span, cellSize)));
        _latest?.Release();
        snapshot.Retain();
        (_latest, _step, _revision) = (snapshot, step, revision);
        return _delta;
    }

    /// <summary>Lets the latest frame go if nobody can have it as the last before the given state. Returns whether there is none.</summary>
    public bool ForgetIfStale(int step, long revision)
    {
        if (_latest is not null && (step < _step || (step == _step && revision < _revision) || plan.HasFrameBetween(_step, step)))
        {
            Forget();
        }

        return _latest is null;
    }

    /// <summary>Begins anew: the next frame has no delta.</summary>
    public void Forget()
    {
        _latest?.Release();
        _delta?.Payload.Release();
        (_latest, _delta) = (null, null);
    }
}
