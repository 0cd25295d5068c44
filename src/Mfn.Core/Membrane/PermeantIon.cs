namespace Mfn.Core.Membrane;

/// <summary>A monovalent ion that a membrane lets through.</summary>
/// <param name="Valence">1 for a cation, -1 for an anion.</param>
/// <param name="Permeability">
/// How easily the ion passes: 0 to 1e6, in any unit, since only the ratios between the ions count.
/// </param>
/// <param name="OutsideMolar">Concentration outside the cell in mol/L: above 0, at most 1000.</param>
/// <param name="InsideMolar">Concentration inside the cell in mol/L: above 0, at most 1000.</param>
public readonly record struct PermeantIon(int Valence, double Permeability, double OutsideMolar, double InsideMolar);
