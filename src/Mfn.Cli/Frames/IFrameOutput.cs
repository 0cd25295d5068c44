namespace Mfn.Cli.Frames;

/// <summary>Where the frames of a run are written. Disposed before it was completed, it leaves no file that is not whole.</summary>
internal interface IFrameOutput : IDisposable
{
    /// <summary>Takes the next frame.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    void Write(FieldFrame frame);

    /// <summary>No more frames come. Says what was written and where; nothing if there were no frames.</summary>
    /// <exception cref="IOException">The rest cannot be written.</exception>
    string? Complete();
}
