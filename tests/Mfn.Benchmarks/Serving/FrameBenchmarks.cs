using BenchmarkDotNet.Attributes;
using Mfn.Server.Frames;

namespace Mfn.Benchmarks.Serving;

/// <summary>What a frame costs beyond its step: encoding the field into lent memory.</summary>
[MemoryDiagnoser]
public class FrameBenchmarks
{
    private readonly FieldBufferPool _buffers = new();
    private double[] _cells = [];

    [Params(64, 256, 1024)]
    public int GridSize { get; set; }

    [GlobalSetup]
    public void Setup() => _cells = [.. Enumerable.Range(0, GridSize * GridSize).Select(i => -0.07 + (i * 1e-9))];

    [Benchmark]
    public void EncodeFloat32() => Encode(CellEncoding.Float32);

    [Benchmark]
    public void EncodeFloat64() => Encode(CellEncoding.Float64);

    private void Encode(CellEncoding encoding)
    {
        using var buffer = _buffers.Rent(EncodedField.ByteCount(_cells.Length, encoding));
        EncodedField.Encode(_cells, GridSize, GridSize, encoding, buffer.Memory);
    }
}
