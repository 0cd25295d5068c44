namespace Mfn.Server.Frames;

/// <summary>The frames of one encoding, window and plan: each builds on the one before. Not thread-safe.</summary>
internal sealed class DeltaGroup(DeltaPlan plan, int cellSize)
{
    private SharedPayload? _latest;
    private int _step;
    private long _revision;
    private FrameDelta? _delta;

    /// <summary>The delta that leads to a frame, or none for a key frame and where there is no frame before. Valid until the next call.</summary>
    public FrameDelta? Advance(int step, long revision, SharedPayload snapshot, DifferenceCompressor compressor)
    {
        if (_latest is not null && step == _step && revision == _revision)
        {
            return _delta;
        }

        _delta?.Differences.Release();
        _delta = null;
        if (_latest is not null && !plan.IsKeyFrame(step))
        {
            var differences = new SharedPayload(compressor.Compress(snapshot.Bytes.Span, _latest.Bytes.Span, cellSize));
            _delta = new FrameDelta(_step, _revision, differences);
        }

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
        _delta?.Differences.Release();
        (_latest, _delta) = (null, null);
    }
}
