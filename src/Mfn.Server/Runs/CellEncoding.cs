namespace Mfn.Server.Runs;

/// <summary>How the cells of a frame's field are encoded.</summary>
internal enum CellEncoding
{
    /// <summary>Frames have no field.</summary>
    None,

    /// <summary>The computed bits.</summary>
    Float64,

    /// <summary>Rounded to the nearest single.</summary>
    Float32,
}
