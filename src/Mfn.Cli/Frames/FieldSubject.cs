using Mfn.Cli.Pictures;

namespace Mfn.Cli.Frames;

/// <summary>What the fields of a run are, and how wide their cells.</summary>
/// <param name="Quantity">What the cells are.</param>
/// <param name="CellWidth">Distance of two neighbouring cells in the model's unit of length; 0 where cells have no width, as the reference's.</param>
internal readonly record struct FieldSubject(FieldQuantity Quantity, double CellWidth);
