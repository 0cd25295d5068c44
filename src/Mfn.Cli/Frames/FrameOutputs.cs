using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Frames;

/// <summary>All files that frames are written to.</summary>
internal sealed class FrameOutputs : IDisposable
{
    private readonly List<IFrameOutput> _outputs = [];

    public int Count => _outputs.Count;

    public void Add(IFrameOutput output) => _outputs.Add(output);

    /// <summary>Writes a frame of a simulation, which has a field.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(SimulationFrame frame, FieldSubject subject)
    {
        if (_outputs.Count > 0)
        {
            Write(new FieldFrame(frame.Step, 0, frame.Field.Rows, frame.Field.Columns, frame.Field.ToCells(), subject));
        }
    }

    /// <summary>Writes a frame.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(FieldFrame frame)
    {
        foreach (var output in _outputs)
        {
            output.Write(frame);
        }
    }

    /// <summary>No more frames come. Says what was written.</summary>
    /// <exception cref="IOException">The rest cannot be written.</exception>
    public List<string> Complete() => [.. _outputs.Select(output => output.Complete()).OfType<string>()];

    public void Dispose()
    {
        foreach (var output in _outputs)
        {
            output.Dispose();
        }
    }
}
