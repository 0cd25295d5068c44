using Mfn.Core.Simulation;
using Mfn.Server.Frames;

namespace Mfn.Benchmarks.Serving;

/// <summary>What making the frames of a live run costs beyond its steps, from the engine's field to the bytes that watchers share.</summary>
internal static class FrameMeasurements
{
    private const int StateCount = 32;

    private static readonly CellEncoding[] Encodings =
        [CellEncoding.Float64, CellEncoding.Float32, CellEncoding.Quantized16, CellEncoding.Quantized8];

    public static void Run(TextWriter output)
    {
        foreach (var grid in new[] { 64, 256 })
        {
            var deltas = new DeltaPlan(EveryNSteps: 1, KeyFrameInterval: int.MaxValue);
            var fields = Record(new SimulationSpec { GridSize = grid });
            var noisyFields = Record(new SimulationSpec { GridSize = grid, IsJitterEnabled = true });
            foreach (var encoding in Encodings)
            {
                Measure(output, fields, grid, hasJitter: false, encoding, downsampling: 1, deltas: null);
                Measure(output, fields, grid, hasJitter: false, encoding, downsampling: 1, deltas);

                // Noise costs nothing but where frames are compressed.
                Measure(output, noisyFields, grid, hasJitter: true, encoding, downsampling: 1, deltas);
            }

            Measure(output, fields, grid, hasJitter: false, CellEncoding.Float32, downsampling: 2, deltas: null);
            Measure(output, fields, grid, hasJitter: false, CellEncoding.Float32, downsampling: 8, deltas: null);
        }
    }

    private static double[][] Record(SimulationSpec spec)
    {
        using var engine = new SimulationEngine(spec);
        engine.Advance(100);
        var fields = new double[StateCount][];
        for (var i = 0; i < StateCount; i++)
        {
            engine.Advance(1);
            fields[i] = engine.Potential.ToArray();
        }

        return fields;
    }

    /// <summary>Times rounds through the recorded states, whose steps go on from round to round.</summary>
    private static void Measure(TextWriter output, double[][] fields, int grid, bool hasJitter, CellEncoding encoding, int downsampling, DeltaPlan? deltas)
    {
        using var encoder = new FrameEncoder(new FieldBufferPool());
        var format = new FrameFormat(encoding, FieldWindow.Whole(grid, downsampling), HasStatistics: false, Features: null, deltas);
        var step = 0;
        var (payloadBytes, allocatedBytes) = (0L, 0L);
        var seconds = QuickMode.BestSeconds(15, () =>
        {
            var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
            payloadBytes = 0;
            foreach (var field in fields)
            {
                step++;
                var frame = encoder.Encode(new FrameSource(field, grid, step, 0, 0), format);
                var fieldBytes = frame.Field!.Value.Bytes.Length;
                payloadBytes += deltas is null ? fieldBytes : frame.ByteCount - fieldBytes;
                frame.Release();
            }

            allocatedBytes = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        });
        var cells = (double)grid * grid * StateCount;
        QuickMode.Write(output, $$"""
            {"kernel":"frame-encode","grid":{{grid}},"jitter":{{(hasJitter ? "true" : "false")}},"encoding":"{{encoding}}","downsampling":{{downsampling}},"deltas":{{(deltas is null ? "false" : "true")}},"seconds_per_frame":{{seconds / StateCount:G4}},"field_gb_per_second":{{cells * sizeof(double) / seconds / 1e9:G4}},"payload_bytes_per_frame":{{payloadBytes / StateCount}},"allocated_bytes_per_frame":{{allocatedBytes / StateCount}}}
            """);
    }
}
