namespace Mfn.Server.Frames;

/// <summary>How the cells of a frame's field are encoded.</summary>
internal enum CellEncoding
{
    /// <summary>Frames have no field.</summary>
    None,

    /// <summary>The computed bits.</summary>
    Float64,

    /// <summary>Rounded to the nearest single.</summary>
    Float32,

    /// <summary>The nearest of 65536 equidistant levels; only in frames of live runs.</summary>
    Quantized16,

    /// <summary>The nearest of 256 equidistant levels; only in frames of live runs.</summary>
    Quantized8,
}
