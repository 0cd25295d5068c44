namespace Mfn.Server.Frames;

/// <summary>
/// Makes the frames of a run, state after state: each once for all who share it, and what several formats have in common once for all of them. Holds the
/// frames of the last state it was asked about, and what deltas build on, until it is asked about another state or forgets them. Not thread-safe.
/// </summary>
internal sealed class FrameEncoder(IFrameMemory memory) : IDisposable
{
    private readonly DifferenceCompressor _compressor = new(memory);

    // What was made of the state.
    private readonly Dictionary<FrameFormat, SharedFrame> _frames = [];
    private readonly StateFrames _state = new(memory);
    private int _step;
    private long _revision;

    private readonly Dictionary<(CellEncoding, FieldWindow, DeltaPlan), DeltaGroup> _groups = [];

    /// <summary>The frame of a state in a format, which the caller must release. States come in their order, though not all need to come.</summary>
    /// <remarks>
    /// A frame asked for with deltas is what the next one of its format builds on, so that one for a single watcher, such as the first of one who
    /// joins between two frames of the others, is to be asked for without.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The window exceeds the field.</exception>
    public SharedFrame Encode(in FrameSource source, FrameFormat format)
    {
        if (source.Step != _step || source.Revision != _revision)
        {
            BeginState(source.Step, source.Revision);
        }

        if (!_frames.TryGetValue(format, out var frame))
        {
            var deltas = format.Encoding != CellEncoding.None && format.Deltas is { } plan ? GroupOf(format.Encoding, format.Window, plan) : null;
            frame = _state.Make(source, format, deltas, _compressor);
            _frames.Add(format, frame);
        }

        frame.Retain();
        return frame;
    }

    /// <summary>Releases all that is held: to be called when nobody watches any more. The next frame of each format has no delta.</summary>
    public void Forget()
    {
        ForgetState();
        foreach (var group in _groups.Values)
        {
            group.Forget();
        }

        _groups.Clear();
    }

    /// <inheritdoc cref="Forget"/>
    public void Dispose() => Forget();

    private void BeginState(int step, long revision)
    {
        ForgetState();
        (_step, _revision) = (step, revision);
        foreach (var (key, group) in _groups)
        {
            if (group.ForgetIfStale(step, revision))
            {
                _groups.Remove(key);
            }
        }
    }

    private void ForgetState()
    {
        foreach (var frame in _frames.Values)
        {
            frame.Release();
        }

        _frames.Clear();
        _state.Forget();
    }

    private DeltaGroup GroupOf(CellEncoding encoding, FieldWindow window, DeltaPlan plan)
    {
        if (!_groups.TryGetValue((encoding, window, plan), out var group))
        {
            group = new DeltaGroup(plan, EncodedField.CellSize(encoding));
            _groups.Add((encoding, window, plan), group);
        }

        return group;
    }
}
