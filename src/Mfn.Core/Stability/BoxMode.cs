namespace Mfn.Core.Stability;

/// <summary>A mode of a rectangle of cells: a product of a wave along the columns (from row to row) and one along the rows.</summary>
/// <param name="RowIndex">How many wavelengths, or of boundaries that are not periodic half wavelengths, lie between the first row and the last.</param>
/// <param name="ColumnIndex">The same between the first column and the last.</param>
/// <param name="Wavelength">In the model's unit of length; null for the uniform mode.</param>
/// <param name="GrowthRate">Of a small perturbation, with the discrete Laplacian; negative if it dies out.</param>
/// <param name="CellsPerWavelength">The wavelength over the cells' width.</param>
public readonly record struct BoxMode(int RowIndex, int ColumnIndex, double? Wavelength, double GrowthRate, double? CellsPerWavelength);
