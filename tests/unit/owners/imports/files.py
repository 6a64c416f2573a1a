"""Small exports of other apps, made from what is known of their formats."""

# ruff: noqa: E501 -- lines as those apps write them

import io
import zipfile

FUELIO = """"## Vehicle"
"Name","Description","DistUnit","FuelUnit","ConsumptionUnit","ImportCSVDateFormat","VIN","Insurance","Plate","Make","Model","Year","TankCount","Tank1Type"
"Ласточка","","0","0","0","yyyy-MM-dd","XTA21099043576182","","К482МН66","Lada","21099","2004","1","100"
"## Log"
"Data","Odo (km)","Fuel (litres)","Full","Price (optional)","l/100km (optional)","latitude (optional)","longitude (optional)","City (optional)","Notes (optional)","Missed","TankNumber","FuelType","VolumePrice","StationID (optional)","ExcludeDistance","UniqueId","TankCalc","Weather"
"2024-03-01 08:45","120500","38.02","1","2999.78","","","","Лукойл","первая\u00a0строка","0","1","110","78.90","0","0.0","2","0.0",""
"2024-02-01","120000","40.00","1","3156.00","","","","","","0","1","110","78.90","0","0.0","1","0.0",""
"2024-03-09","120700","10.00","0","789.00","","","","","","1","1","110","78.90","0","0.0","3","0.0",""
"## CostCategories"
"CostTypeID","Name","priority","color"
"1","Service","0",""
"2","Мойка","0",""
"3","Loan","0",""
"## Costs"
"CostTitle","Date","Odo","CostTypeID","Notes","Cost","flag","idR","read","RemindOdo","RemindDate","isTemplate","RepeatOdo","RepeatMonths","isIncome","UniqueId"
"Масло и фильтр","2024-02-10","120100","1","сам","4500.0","0","0","1","0","2011-01-01","0","0","12","0","1"
"Мойка","2024-02-11","0","2","=1+1","500.0","0","0","1","0","2011-01-01","0","0","0","0","2"
"Кредит","2024-02-12","0","3","","15000.0","0","0","1","0","2011-01-01","0","0","0","0","3"
"Образец","2024-02-12","0","2","","500.0","0","0","1","0","2011-01-01","1","0","0","0","4"
"Продал шины","2024-02-12","0","2","","9000.0","0","0","1","0","2011-01-01","0","0","0","1","5"
"ТО","2024-02-12","0","2","","0.0","0","0","1","130000","2011-01-01","0","10000","0","0","6"
"## TripLog"
"a","b"
"1","2"
"""

DRIVVO = """##Refuelling
"Одометр (км)","Дата","Топливо","Цена / л","Общая стоимость","Объем","Полный бак","Второе топливо","Цена / л","Общая стоимость","Объем","Полный бак" 2,"Эффективный расход топлива","Азс","Водитель","Примечание"
"120500,0","2024-03-01 08:45","АИ-95","55,10","2204,00","40,00","Да","Пропан","30,00","600,00","20,00","Нет","","Лукойл","Анна",""
"0.0","2024-03-02 09:00","АИ-95","55,10","1102,00","20,00","Нет","","0,0","0,0","0,0","Нет","","","",""
##Expense
"Одометр","Дата","Общая стоимость","Вид расхода","Местный расход","Тип расхода","Примечание"
"120600,0","2024-03-03","350,00","Мойка","","",""
"120600,0","2024-03-03","35000,00","Кредит","","",""
##Service
"Одометр","Дата","Общая стоимость","Вид сервиса","Название сервиса","Примечание"
"120700,0","2024-03-04","5000,50","Замена масла","Гараж","до 130000"
"""

FUELLY = """car_name, model, mpg, odometer, miles, gallons, price, city_percentage, fuelup_date, date_added, tags, notes, missed_fuelup, partial_fuelup, latitude, longitude, brand
Betty,F-150,18.1,10200,200,11.05,3.499,50,2024-01-15,2024-01-15,,,0,0,,,Shell
Betty,F-150,17.0,10400,200,11.76,3.599,50,2024-01-25,2024-01-25,,road trip,0,1,,,
"""

ACAR = """Metadata
Date Format,Time Format
MM/dd/yyyy,hh:mm a
Vehicles
Name,Make
Betty,Ford
Fill-Up Records
Vehicle,Date,Time,Odometer Reading,Distance Unit,Volume,Volume Unit,Price per Unit,Total Cost,Payment,Partial Fill-Up?,Previously Missed Fill-Ups?,Fuel Efficiency,Fuel Efficiency Unit,Fuel Category,Fuel Type,Fuel Brand,Notes
Betty,03/04/2024,08:15 PM,"106,421",Miles,20.5,US Gallons,3.892,$79.78,,No,No,18,MPG,Gasoline,Regular,Shell,
Betty,03/14/2024,08:15 AM,"106,721",Miles,20.5,US Gallons,3.892,$79.78,,Yes,No,18,MPG,Gasoline,Regular,Shell,
Event Records
Vehicle,Date,Time,Odometer Reading,Distance Unit,Type,Sub Types,Total Cost,Payment,Place Name,Tags,Notes
Betty,03/20/2024,09:00 AM,"106,800",Miles,Service,Engine Oil,$45.00,,Joe's,,
Betty,03/21/2024,09:00 AM,"106,810",Miles,Expense,Parking,$5.00,,,,
Trip Records
Vehicle,Start Date
Betty,03/22/2024
"""

LUBELOGGER = """Date,Odometer,FuelConsumed,Cost,FuelEconomy,IsFillToFull,MissedFuelUp,Notes,Tags
2024-01-15,10200,40.5,2000.25,8.1,True,False,,winter
2024-01-25,10700,38.0,1900.00,7.6,False,True,,
"""

SPRITMONITOR = """Datum;Km-Stand;Teil-Km;Spritmenge;Kosten;Währung;Tankart;Reifen;Strecken;Fahrweise;Kraftstoff;Bemerkung;Verbrauch
01.02.2024;10.000,00;0;40,00;68,00;EUR;3;1;1;1;7;erste\\;Fahrt;
11.02.2024;10.500,00;500;35,00;59,50;EUR;1;1;1;1;7;;7,00
12.02.2024;10.600,00;100;5,00;8,00;EUR;2;1;1;1;21;AdBlue;
13.02.2024;10.650,00;50;0,00;0,00;EUR;0;1;1;1;7;;
"""


def zipped(*members: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()
